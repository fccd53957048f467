import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Put in by the bundler, so that `--version` reads no file. */
declare const M2M_PACKAGE: string | undefined;

/** What `--version` prints; oclif's own text is the same (a test holds them equal). */
export function versionText(root: string): string {
  const name = typeof M2M_PACKAGE === "string" ? M2M_PACKAGE : readName(root);
  return `${name} ${process.platform}-${process.arch} node-${process.version}`;
}

function readName(root: string): string {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  return `${name}/${version}`;
}
