import { readFileSync } from "node:fs";

/** Put in by the bundler, so that `--version` reads no file. */
declare const M2M_PACKAGE: string | undefined;

/** What `--version` prints; oclif's own text is the same (a test holds them equal). */
export function versionText(): string {
  const { name, version, platform, node } = versionFacts();
  return `${name}/${version} ${platform} node-${node}`;
}

/** The package and what it runs on. */
export function versionFacts(): { name: string; version: string; platform: string; node: string } {
  const [name, version] = typeof M2M_PACKAGE === "string" ? M2M_PACKAGE.split("/") : readPackage();
  return { name, version, platform: `${process.platform}-${process.arch}`, node: process.version };
}

function readPackage(): [name: string, version: string] {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { name, version } = JSON.parse(text) as Record<string, string>;
  return [name, version];
}
