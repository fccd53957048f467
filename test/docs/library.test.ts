import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { formatWithOptions } from "node:util";
import { expect } from "chai";
import ts from "typescript";
import { readCodeBlocks, readExpectedOutput, type CodeBlock } from "../helpers/markdown.js";
import { createConsumer, ROOT, type Consumer } from "../helpers/package.js";
import { typeCheck } from "../helpers/type-check.js";

/** The TypeScript of the documents, as a user who installed the package would run it. */
const PAGES = ["docs/library.md", "README.md"];

interface Example extends CodeBlock {
  readonly name: string;
  readonly file: string;
}

/** What `console.log` prints while the module at `file` runs, one entry a call. */
async function runExample(file: string): Promise<string[]> {
  const printed: string[] = [];
  const log = console.log;
  console.log = (...values: unknown[]) => {
    printed.push(formatWithOptions({ breakLength: Infinity, compact: 10 }, ...values));
  };
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return printed;
}

describe("TypeScript in the documents", function () {
  this.timeout(120_000);
  const consumer: Consumer = createConsumer();
  const examples: Example[] = PAGES.flatMap((page) =>
    readCodeBlocks(readFileSync(join(ROOT, page), "utf8"))
      .filter((block) => block.info.split(" ")[0] === "ts")
      .map((block) => ({
        ...block,
        name: `${page}:${block.line}`,
        file: join(consumer.folder, `${page.replace(/\W/g, "-")}-${block.line}.mts`),
      })),
  );

  before(() => {
    for (const { file, code } of examples) writeFileSync(file, `${code}\nexport {};\n`);
  });
  after(() => consumer.remove());

  it("is there, and says what it prints", () => {
    expect(examples.length).to.be.greaterThan(8);
    for (const { name, code } of examples) expect(readExpectedOutput(code), name).not.to.deep.equal([]);
  });

  it("compiles under strict rules", () => {
    const messages = typeCheck(
      examples.map((example) => example.file),
      {
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        types: ["node"],
        typeRoots: [join(consumer.folder, "node_modules", "@types")],
        noUnusedLocals: true,
        skipLibCheck: true,
      },
    );
    expect(messages).to.deep.equal([]);
  });

  for (const { name, file, code } of examples) {
    it(`${name} prints what it says`, async () => {
      expect(await runExample(file)).to.deep.equal(readExpectedOutput(code));
    });
  }
});
