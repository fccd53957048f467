import { expect } from "chai";
import { Ajv2020 } from "ajv/dist/2020.js";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { CliFolder } from "../helpers/run-cli.js";
import { requirePeer } from "../helpers/peers.js";
import { startCliServer } from "../cli/cli-server.js";
import { apiRoutes, openApiDocument } from "../../src/server/index.js";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  readonly security?: object[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
  readonly tags: { name: string }[];
}

describe("OpenAPI document", () => {
  const document = openApiDocument(apiRoutes(), "1.2.3") as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  it("has an operation for each route, and no other", () => {
    const listed = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(listed).to.have.members(apiRoutes().map(({ method, path }) => `${method} ${path}`));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(document).to.deep.include({ openapi: "3.1.0" });
    expect(document.info).to.include({ version: "1.2.3" });
  });

  it("is JSON whose references lead somewhere", () => {
    const text = JSON.stringify(document);
    expect(JSON.parse(text)).to.deep.equal(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references).to.include("Problem");
    for (const name of references) expect(document.components.schemas).to.have.property(name);
  });

  it("has schemas of JSON Schema 2020-12, strictly read", () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
    for (const [name, schema] of Object.entries(document.components.schemas))
      ajv.addSchema(schema, `#/components/schemas/${name}`);
    for (const { operation, path } of operations) {
      const bodies = [
        operation.requestBody?.content,
        ...Object.values(operation.responses).map(({ content }) => content),
      ];
      const schemas = bodies.flatMap((content) => Object.values(content ?? {}).map(({ schema }) => schema));
      for (const schema of [...schemas, ...(operation.parameters ?? []).map((one) => one.schema)])
        expect(() => ajv.compile(schema), path).not.to.throw();
    }
  });

  it("declares each parameter of a path", () => {
    for (const { operation, path } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((one) => one.in === "path");
      expect(
        declared.map(({ name }) => name),
        path,
      ).to.deep.equal(inPath);
      expect(declared.every(({ required }) => required)).to.equal(true);
    }
  });

  it("says of every operation how it fails, and which ask for no token", () => {
    for (const { operation, path } of operations) {
      for (const status of ["400", "429", "500", "503"]) {
        const content = operation.responses[status]?.content ?? {};
        expect(content, `${path} ${status}`).to.have.property("application/problem+json");
      }
      const isOpen = ["/health", "/ready"].includes(path);
      expect(operation.security, path).to.deep.equal(isOpen ? [] : undefined);
      expect("401" in operation.responses, path).to.equal(!isOpen);
      if (operation.requestBody) expect(operation.responses).to.include.keys("413", "415");
    }
  });
});

describe("m2m server and schemathesis", () => {
  const folder = new CliFolder();
  after(() => folder.remove());

  it("agree on every operation", async function () {
    this.timeout(120_000);
    const program = requirePeer(this, "schemathesis");
    const server = await startCliServer(folder, ["--log-level", "error"]);
    try {
      const child = spawn(
        program,
        [
          ...["run", `${server.url}/openapi.json`, "--seed", "7", "--no-color", "--request-timeout", "10"],
          ...["--phases", "coverage,fuzzing", "--max-examples", "15", "--max-time", "25"],
          // It waits as long as it is asked to.
          ...["--exclude-operation-id", "takeMessages"],
          // A model that nobody knows, and a message of a session that nobody began, fit their schemas and are refused.
          ...["--exclude-checks", "positive_data_acceptance"],
        ],
        { cwd: folder.path, stdio: ["ignore", "pipe", "pipe"] },
      );
      let report = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (report += chunk.toString()));
      const [code] = (await once(child, "close")) as [number];
      expect(code, report).to.equal(0);
    } finally {
      server.child.kill("SIGTERM");
      await server.ended;
    }
    expect(server.stderr()).not.to.include("request failed");
  });
});
