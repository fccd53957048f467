import Ajv from "ajv6";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./package.js";

const require = createRequire(import.meta.url);

/** A function that says what is wrong with a SARIF 2.1.0 log by the public schema; nothing if it is valid. */
export function sarifValidator(): (log: unknown) => string[] {
  const ajv = new Ajv({ schemaId: "id", allErrors: true, meta: false });
  ajv.addMetaSchema(require("ajv6/lib/refs/json-schema-draft-04.json") as object);
  const schema = JSON.parse(
    readFileSync(join(ROOT, "test/vectors/sarif/sarif-schema-2.1.0.json"), "utf8"),
  ) as object;
  const validate = ajv.compile(schema);
  return (log) => {
    void validate(log);
    return (validate.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message}`);
  };
}
