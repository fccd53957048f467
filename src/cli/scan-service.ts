/** Scans texts, files, folders and lines, and writes what was found. */
import { isAbsolute, relative, resolve, sep } from "node:path";
import {
  DEFAULT_MAX_THREATS,
  knownFindings,
  parseBaseline,
  renderBaseline,
  withoutKnown,
  type KnownFinding,
  type KnownFindings,
} from "../security/index.js";
import { InputError, M2MError, UnsupportedError } from "../shared/errors.js";
import { readSmallFile } from "../shared/files.js";
import type { SegmentContext, ThreatCategory } from "../shared/security-options.js";
import type { CommandContext } from "./context.js";
import { EXIT, exitCodeOf, formatError } from "./errors.js";
import { LIMIT_HINTS, sourceLabel, withHint, withLabel } from "./explain-error.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { withOutput, type Output, type OutputOptions } from "./output.js";
import { Progress } from "./progress.js";
import type { ScanFormat } from "./scan-flags.js";
import type { Patterns } from "./scan-ignore.js";
import { createReport, type ScanItem, type ScanReport, type ScanTotals } from "./scan-report.js";
import { openScanner, type OpenedScanner, type ScannerFlags } from "./scan-settings.js";
import type { ScanTarget } from "./scan-targets.js";
import { namedBytes } from "./scan-text.js";
import { walkFolder } from "./scan-walk.js";
import type { EngineSettings } from "./settings.js";
import { writeStderr } from "./stdio.js";
import { countOf } from "./words.js";

const MAX_BASELINE_BYTES = 64 * 1024 * 1024;

export interface ScanJob {
  readonly targets: readonly ScanTarget[];
  readonly format: ScanFormat;
  readonly settings: EngineSettings;
  readonly scanner: ScannerFlags;
  readonly categories?: readonly ThreatCategory[];
  /** Where all content comes from; unless set, requests say it themselves. */
  readonly context?: SegmentContext;
  /** What is left out of folders. */
  readonly exclude?: Patterns;
  readonly key?: Uint8Array;
  readonly lines: boolean;
  readonly field?: string;
  /** Path of findings that do not count. */
  readonly baseline?: string;
  /** Path to write all findings to, after which they are known. */
  readonly writeBaseline?: string;
  readonly output: OutputOptions;
}

/**
 * Runs a job of `m2m scan`.
 * @returns the exit code: that of what could not be scanned, else whether there are findings
 * @throws {InputError} `M2M_USAGE`, `M2M_FILE_EXISTS`, `M2M_FILE_WRITE`; `M2M_FILE_READ` of what stands alone
 * @throws {FormatError} `M2M_BASELINE_INVALID`
 * @throws {M2MError} what `openScanner` throws
 */
export async function scan(context: CommandContext, job: ScanJob): Promise<number> {
  const { writeBaseline, output } = job;
  if (writeBaseline === undefined) return new Scan(context, job, await prepare(context, job)).run();
  if (writeBaseline === "-" || writeBaseline === output.path) {
    throw new InputError("M2M_USAGE", "A baseline is written to a file of its own.");
  }
  // Before anything is scanned it is clear whether the file may be written.
  return withOutput(context, { path: writeBaseline, force: output.force }, async (file) => {
    const run = new Scan(context, job, await prepare(context, job));
    const code = await run.run();
    const findings = run.findings();
    await file.write(renderBaseline(findings));
    context.note(`m2m: ${countOf(findings.length, "finding")} written to ${writeBaseline}.`);
    return code === EXIT.FINDINGS ? EXIT.OK : code;
  });
}

interface Prepared extends OpenedScanner {
  readonly known: KnownFindings;
}

async function prepare(context: CommandContext, job: ScanJob): Promise<Prepared> {
  const { baseline, categories, key, settings } = job;
  const known =
    baseline === undefined
      ? new Map<string, readonly KnownFinding[]>()
      : parseBaseline(
          Buffer.from(readSmallFile(resolve(context.cwd, baseline), MAX_BASELINE_BYTES)).toString("utf8"),
          baseline,
        );
  const opened = await openScanner(context, job.scanner, { categories, key, limits: settings.limits });
  return { ...opened, known };
}

class Scan {
  readonly #context: CommandContext;
  readonly #job: ScanJob;
  readonly #prepared: Prepared;
  readonly #found: Map<string, readonly KnownFinding[]>;
  readonly #totals: ScanTotals = {
    scanned: 0,
    unsafe: 0,
    known: 0,
    complete: true,
    skipped: [],
    failures: [],
  };

  constructor(context: CommandContext, job: ScanJob, prepared: Prepared) {
    this.#context = context;
    this.#job = job;
    this.#prepared = prepared;
    this.#found = new Map(prepared.known);
  }

  /** What a new baseline holds: what was known and what was found. */
  findings(): KnownFinding[] {
    return [...this.#found.values()].flat();
  }

  async run(): Promise<number> {
    const { format, lines, output, targets } = this.#job;
    const { rules, threshold } = this.#prepared;
    const several = targets.length > 1 || targets.some((target) => "folder" in target);
    const report = await createReport(this.#context, { format, threshold, rules, several, lines });
    const code = await withOutput(this.#context, output, async (file) => {
      const code = lines ? await this.#scanLines(report, file) : await this.#scanAll(report, file, several);
      this.#totals.complete = code === EXIT.OK;
      await file.write(lines && format === "json" ? "" : report.finish(this.#totals));
      return code;
    });
    return code !== EXIT.OK || this.#totals.unsafe === 0 ? code : EXIT.FINDINGS;
  }

  async #scanAll(report: ScanReport, output: Output, several: boolean): Promise<number> {
    const { baseline, exclude, output: outputOptions, settings, targets, writeBaseline } = this.#job;
    const { cwd } = this.#context;
    const ownPaths = [baseline, writeBaseline, outputOptions.path].filter((path) => path !== undefined);
    const own = new Set(ownPaths.map((path) => resolve(cwd, path)));
    const walked = { maxBytes: settings.limits.maxInputBytes, own, exclude };
    const progress = new Progress(this.#context);
    let bytes = 0;
    let code: number = EXIT.OK;
    const fail = (name: string | undefined, thrown: unknown): void => {
      const error = withHint(thrown, LIMIT_HINTS);
      if (!several || !isOfTheFile(error)) throw withLabel(error, name);
      code = Math.max(code, exitCodeOf(error));
      this.#totals.failures.push({ name, error });
      this.#tell(progress, name, error);
    };
    const scanOne = async (item: Omit<ScanItem, "result">, content: Uint8Array): Promise<void> => {
      const result = await this.#judge(item, content);
      const text = report.add({ ...item, result }, content);
      if (text !== "") {
        progress.clear();
        await output.write(text);
      }
      bytes += content.length;
      // A handler of Ctrl-C runs only between two turns of the event loop, and nothing else here waits for one.
      if (process.listenerCount("SIGINT") > 0) await new Promise((done) => setImmediate(done));
      await progress.tick(countOf(this.#totals.scanned, "file"), bytes);
    };
    try {
      for (const target of targets) {
        if ("source" in target) {
          const { source } = target;
          const name = sourceLabel(source, several);
          try {
            const read = await readSource(source, settings.limits.maxInputBytes);
            const content = source.path === undefined ? read : namedBytes(read);
            await scanOne({ file: this.#fileOf(source), name }, content);
          } catch (error) {
            fail(name, error);
          }
          continue;
        }
        for (const found of walkFolder(target.folder, cwd, walked)) {
          if ("skipped" in found) this.#totals.skipped.push({ file: found.path, reason: found.skipped });
          else if ("error" in found) fail(found.path, found.error);
          else {
            const item = { file: this.#relative(found.path), name: found.path, walked: true };
            try {
              await scanOne(item, found.content);
            } catch (error) {
              fail(found.path, error);
            }
          }
        }
      }
    } finally {
      progress.stop();
    }
    return code;
  }

  async #scanLines(report: ScanReport, output: Output): Promise<number> {
    const { field, format, settings, targets } = this.#job;
    const sources = targets.map((target) => {
      if ("source" in target) return target.source;
      throw new InputError("M2M_USAGE", "--lines reads files and stdin, not folders.");
    });
    // A bad line is an object among the results then, whichever flag asked for JSON.
    const context = format === "json" ? asJson(this.#context) : this.#context;
    return runLines(context, {
      sources,
      output,
      field,
      maxLineBytes: settings.limits.maxInputBytes,
      hints: LIMIT_HINTS,
      transform: async (message, { line, source }) => {
        const place = { file: this.#fileOf(source), line, name: sourceLabel(source, sources.length > 1) };
        return report.addLine({ ...place, result: await this.#judge(place, message) });
      },
    });
  }

  async #judge(item: Omit<ScanItem, "result">, content: Uint8Array): Promise<ScanItem["result"]> {
    const { known, scanner, threshold } = this.#prepared;
    // A baseline is of all that was found: known threats that fill the list must hide no new one.
    const compares = known.size > 0 || this.#job.writeBaseline !== undefined;
    const maxThreats = compares ? Infinity : DEFAULT_MAX_THREATS;
    const raw = await scanner.scan(content, { context: this.#job.context, maxThreats });
    if (raw.sealed) throw sealedError();
    const result = known.size === 0 ? raw : withoutKnown({ ...item, result: raw }, known, threshold);
    this.#totals.scanned++;
    this.#totals.known += raw.threats.length - result.threats.length;
    if (!result.safe) this.#totals.unsafe++;
    if (this.#job.writeBaseline !== undefined) {
      for (const [fingerprint, findings] of knownFindings({ ...item, result }, threshold)) {
        this.#keep(fingerprint, findings);
      }
    }
    return { ...result, threats: result.threats.slice(0, DEFAULT_MAX_THREATS) };
  }

  /** Adds what was found beyond what is known to the new baseline; a file that is named twice counts once. */
  #keep(fingerprint: string, findings: readonly KnownFinding[]): void {
    const all = [...(this.#prepared.known.get(fingerprint) ?? []), ...findings];
    const kept = this.#found.get(fingerprint)?.length ?? 0;
    if (all.length > kept) this.#found.set(fingerprint, all);
  }

  #tell(progress: Progress, name: string | undefined, error: M2MError): void {
    progress.clear();
    // Errors of the file itself name it.
    const where = error.code === "M2M_FILE_READ" ? undefined : name;
    writeStderr(formatError(error, { where, verbose: this.#context.verbose }));
  }

  #fileOf({ path }: Source): string | undefined {
    return path === undefined ? undefined : this.#relative(path);
  }

  /** As reports and baselines name a file: from the working directory if it is below it. */
  #relative(path: string): string {
    const { cwd } = this.#context;
    const inside = relative(cwd, resolve(cwd, path));
    const found = inside.startsWith("..") || isAbsolute(inside) ? resolve(cwd, path) : inside;
    return found.split(sep).join("/");
  }
}

function sealedError(): UnsupportedError {
  return new UnsupportedError(
    "M2M_CONTENT_SEALED",
    "It is a wire that cannot be opened: nothing in it was scanned.",
    {
      hint: "If it is encrypted, give its key with --key-file FILE; else it is of a version that this build does not read.",
    },
  );
}

/** Whether an error is of one file, so that the others can be scanned: it cannot be read or opened, or is larger than allowed. */
function isOfTheFile(error: unknown): error is M2MError {
  return (
    error instanceof M2MError &&
    ["M2M_FILE_READ", "M2M_INPUT_TOO_LARGE", "M2M_CONTENT_SEALED"].includes(error.code)
  );
}

function asJson(context: CommandContext): CommandContext {
  return Object.create(context, { json: { value: true } }) as CommandContext;
}
