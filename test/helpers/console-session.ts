import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
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

/**
 * The stages of a pipeline, each as words, and the file that takes its output. Knows blanks, single quotes, `|` and `>`:
 * enough for documents, on any system.
 */
function parseCommandLine(commandLine: string): { stages: string[][]; target?: string } {
  const stages: string[][] = [[]];
  let target: string | undefined;
  let redirects = false;
  for (const [token] of commandLine.matchAll(/[|>]|(?:'[^']*'|[^\s'|>])+/g)) {
    const word = token.replace(/'([^']*)'/g, "$1");
    if (token === "|") stages.push([]);
    else if (token === ">") redirects = true;
    else if (redirects) target = word;
    else stages[stages.length - 1].push(word);
  }
  return { stages, target };
}

/** What a terminal shows of a pipeline of `m2m`, `cat FILE` and `echo TEXT` that runs in `folder`. */
export function runPipeline(commandLine: string, folder: string): string {
  let input: Buffer = Buffer.alloc(0);
  let errors = "";
  const { stages, target } = parseCommandLine(commandLine);
  for (const [program, ...args] of stages) {
    if (program === "cat") input = Buffer.concat(args.map((name) => readFileSync(join(folder, name))));
    else if (program === "echo") input = Buffer.from(`${args.join(" ")}\n`);
    else if (program === "m2m") {
      const child = spawnSync(process.execPath, [join(ROOT, "bin", "run.js"), ...args], {
        cwd: folder,
        input,
        // A home without settings, and no colours.
        env: {
          ...withoutSettings(process.env),
          HOME: folder,
          USERPROFILE: folder,
          NO_COLOR: "1",
          NODE_OPTIONS: "",
        },
      });
      input = child.stdout;
      errors += child.stderr.toString();
    } else throw new Error(`Documents run m2m, cat and echo only, not ${program}.`);
  }
  if (target !== undefined) {
    writeFileSync(join(folder, target), input);
    return errors.trimEnd();
  }
  return `${input.toString()}${errors}`.trimEnd();
}

/** The environment without the variables that m2m reads its settings from. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("M2M_")));
}
