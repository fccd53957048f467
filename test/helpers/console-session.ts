import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./package.js";

/** One command line of a document and the output that the document shows under it. */
export interface SessionStep {
  readonly commandLine: string;
  readonly output: string;
}

/** The steps of a `console` block: lines after `$ ` are commands, the others are output. */
export function readSession(code: string): SessionStep[] {
  const steps: { commandLine: string; lines: string[] }[] = [];
  for (const line of code.split("\n")) {
    if (line.startsWith("$ ")) steps.push({ commandLine: line.slice(2), lines: [] });
    else if (steps.length > 0) steps[steps.length - 1].lines.push(line);
    else throw new Error(`A session starts with "$ ", not with: ${line}`);
  }
  return steps.map(({ commandLine, lines }) => ({ commandLine, output: lines.join("\n").trimEnd() }));
}

/** The stages of a pipeline, each as words. Knows blanks, single quotes and `|`: enough for documents, on any system. */
export function parseCommandLine(commandLine: string): string[][] {
  const stages: string[][] = [[]];
  for (const [token] of commandLine.matchAll(/\||(?:'[^']*'|[^\s'|])+/g)) {
    if (token === "|") stages.push([]);
    else stages[stages.length - 1].push(token.replace(/'([^']*)'/g, "$1"));
  }
  return stages;
}

/** Output and errors of a pipeline of `m2m`, `cat FILE` and `printf TEXT`, run in `folder`. */
export function runPipeline(commandLine: string, folder: string): string {
  let input: Buffer = Buffer.alloc(0);
  let errors = "";
  for (const [program, ...args] of parseCommandLine(commandLine)) {
    if (program === "cat") input = Buffer.concat(args.map((name) => readFileSync(join(folder, name))));
    else if (program === "printf") input = Buffer.from(args[0].replaceAll("\\n", "\n"));
    else if (program === "m2m") {
      const child = spawnSync(process.execPath, [join(ROOT, "bin", "run.js"), ...args], {
        cwd: folder,
        input,
        // A home without settings, and no colours.
        env: { ...process.env, HOME: folder, USERPROFILE: folder, NO_COLOR: "1", NODE_OPTIONS: "" },
      });
      input = child.stdout;
      errors += child.stderr.toString();
    } else throw new Error(`Documents run m2m, cat and printf only, not ${program}.`);
  }
  return `${input.toString()}${errors}`.trimEnd();
}
