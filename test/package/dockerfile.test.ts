import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { readCodeBlocks } from "../helpers/markdown.js";
import { ROOT } from "../helpers/package.js";

/** The value of the last instruction `name`. */
function instruction(dockerfile: string, name: string): string | undefined {
  const lines = dockerfile.split("\n").filter((line) => line.startsWith(`${name} `));
  return lines.at(-1)?.slice(name.length + 1);
}

/** Packages that are installed beside m2m and what it depends on, without versions. */
function addedPackages(dockerfile: string, command: RegExp): string[] {
  const words = command.exec(dockerfile.replace(/\\\n/g, " "))?.[1].split(/[\s"]+/) ?? [];
  return words.map((word) => word.replace(/(?<=.)@.*/, "")).filter((word) => /^[@a-z][\w@/-]*$/.test(word));
}

describe("the image", () => {
  const own = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const page = readFileSync(join(ROOT, "docs/guides/kubernetes.md"), "utf8");
  const guide = readCodeBlocks(page).find(({ info }) => info === "dockerfile")?.code ?? "";

  it("starts what the guide's own starts", () => {
    expect(instruction(guide, "CMD")).to.equal('["server", "--host", "0.0.0.0"]');
    expect(instruction(own, "CMD")).to.equal(instruction(guide, "CMD"));
    expect(instruction(own, "USER")).to.equal(instruction(guide, "USER"));
    expect(instruction(own, "FROM")).to.equal(instruction(guide, "FROM"));
  });

  it("has the optional packages that the guide's own has, which the manifests need", () => {
    const wanted = addedPackages(guide, /npm install --global (.*?) &&/).filter(
      (name) => name !== "m2m-protocol",
    );
    expect(wanted).to.deep.equal(["ioredis"]);
    expect(addedPackages(own, /npm install --save-prod (\S.*?)\$\(/)).to.deep.equal(wanted);
  });
});
