import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { expect } from "chai";
import { ROOT, tryListTrackedFiles } from "../helpers/package.js";

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const isTopLevel = (folder: string): boolean => folder === dirname(folder);

/** What only one machine has: wherever this checkout is, its surroundings are no part of it. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a registry host", /registry\.(?:npmjs|yarnpkg)/],
  ["a file URL", /file:\/{3}[A-Za-z]/],
  ["a path under a home or temporary folder", /(?<![\w.~])\/(?:home|Users|root|tmp)\/\w/],
  ["a path with a drive letter", /\b[A-Z]:\\{1,2}[\w ]+\\{1,2}\w/],
  ...[dirname(ROOT), homedir()]
    .filter((folder) => !isTopLevel(folder))
    .map((folder) => ["a folder of this machine", new RegExp(`(?<![\\w.])${escape(folder + sep)}`)] as const),
];

describe("the files under version control", () => {
  let files: string[];

  before(function () {
    const tracked = tryListTrackedFiles();
    if (!tracked) return this.skip();
    files = tracked;
  });

  it("mention no registry host and no path of one machine", () => {
    const found: string[] = [];
    for (const file of files) {
      // Vectors are other people's text, and the training's own texts name files as attackers do.
      if (/^(test\/vectors|models\/training\/written)\/|\.(bin|png|safetensors)$/.test(file)) continue;
      const text = readFileSync(join(ROOT, file), "utf8");
      for (const [what, pattern] of FORBIDDEN) if (pattern.test(text)) found.push(`${file}: ${what}`);
    }
    expect(found).to.deep.equal([]);
  });

  it("depend on no local packages", () => {
    for (const file of ["package.json", "package-lock.json"]) {
      expect(readFileSync(join(ROOT, file), "utf8"), file).not.to.match(/"(file|link|git\+ssh):/);
    }
  });

  it("have kebab-case names in the source and the tests", () => {
    const code = files.filter((file) => /^(src|test|scripts)\/.*\.(ts|mjs|cjs)$/.test(file));
    expect(code.length).to.be.greaterThan(20);
    const named = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|gen|d|case))?\.(ts|mjs|cjs)$/;
    expect(code.filter((file) => !named.test(basename(file)))).to.deep.equal([]);
  });

  it("end in a line feed and use no other line ends", () => {
    const text = files.filter(
      (file) => /\.(ts|mjs|cjs|js|md|json|yml)$/.test(file) && !file.startsWith("test/vectors/"),
    );
    const bad = text.filter((file) => {
      const content = readFileSync(join(ROOT, file), "utf8");
      return content.includes("\r\n") || !content.endsWith("\n");
    });
    expect(bad).to.deep.equal([]);
  });
});
