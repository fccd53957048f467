/** SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), as code scanning services read it. */
import type { M2MError } from "../../shared/errors.js";
import { escapeUnsafe } from "../../shared/quote.js";
import type { RuleSet } from "../rules/index.js";
import type { Severity, Threat } from "../types.js";
import { ruleFacts, type RuleFacts } from "./rule-facts.js";
import { describeScore, findingsOf, fingerprintOf, lineOf, type ScannedInput } from "./scanned-input.js";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** Name and version of how `fingerprintOf` makes it. */
const FINGERPRINT = "m2mFinding/v2";

/** Of notifications: what they are about has no code. */
const SKIPPED = "M2M-SKIPPED";

const LEVELS: Readonly<Record<Severity, string>> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
};

/** The scale of CVSS, which code scanning services sort by. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.5",
};

export interface SarifOptions {
  readonly threshold: number;
  readonly rules: RuleSet;
  readonly toolVersion: string;
}

/** Collects findings into one SARIF log. Inputs without a finding leave nothing behind. */
export class SarifReport {
  readonly #options: SarifOptions;
  readonly #facts: ReadonlyMap<string, RuleFacts>;
  readonly #ruleIndexes = new Map<string, number>();
  readonly #results: object[] = [];
  readonly #notifications: object[] = [];

  constructor(options: SarifOptions) {
    this.#options = options;
    this.#facts = ruleFacts(options.rules);
  }

  add(input: ScannedInput): void {
    for (const threat of findingsOf(input, this.#options.threshold)) {
      this.#results.push(this.#result(input, threat));
    }
  }

  /** What could not be scanned. */
  addFailure(file: string | undefined, error: M2MError): void {
    this.#notify("error", error.code, error.message, file);
  }

  /**
   * A file that is passed over, which is no failure.
   * @param reason such as `binary`
   */
  addSkipped(file: string, reason: string): void {
    this.#notify("note", SKIPPED, `${escapeUnsafe(file)} was not scanned: ${reason}.`, file);
  }

  /**
   * The log, to be written as JSON.
   * @param complete everything could be scanned
   */
  finish(complete: boolean): object {
    const rules = [...this.#ruleIndexes.keys()].map((id) => describeRule(id, this.#facts.get(id)));
    return {
      $schema: SCHEMA,
      version: "2.1.0",
      runs: [
        {
          tool: { driver: { name: "m2m", semanticVersion: this.#options.toolVersion, rules } },
          invocations: [
            {
              executionSuccessful: complete,
              ...(this.#notifications.length === 0
                ? {}
                : { toolExecutionNotifications: this.#notifications }),
            },
          ],
          columnKind: "utf16CodeUnits",
          results: this.#results,
        },
      ],
    };
  }

  #notify(level: "error" | "note", id: string, text: string, file: string | undefined): void {
    this.#notifications.push({
      level,
      message: { text },
      descriptor: { id },
      locations: [{ physicalLocation: physicalLocation(file, undefined) }],
    });
  }

  #result(input: ScannedInput, threat: Threat): object {
    const { category, excerpt, id, location, name, score, severity, source } = threat;
    const where = location.pointer === "" ? "" : ` at ${escapeUnsafe(location.pointer)}`;
    return {
      ruleId: id,
      ruleIndex: this.#ruleIndex(id),
      level: LEVELS[severity],
      message: { text: `${name} (${describeScore(threat)})${where}: ${excerpt}` },
      locations: [
        {
          physicalLocation: physicalLocation(input.file, lineOf(input, threat), excerpt),
          ...(location.pointer === ""
            ? {}
            : { logicalLocations: [{ fullyQualifiedName: location.pointer, kind: "value" }] }),
        },
      ],
      partialFingerprints: { [FINGERPRINT]: fingerprintOf(input, threat) },
      rank: Math.round(score * 1000) / 10,
      properties: { category, severity, score, source, layers: location.layers ?? [] },
    };
  }

  #ruleIndex(id: string): number {
    const known = this.#ruleIndexes.get(id);
    if (known !== undefined) return known;
    const index = this.#ruleIndexes.size;
    this.#ruleIndexes.set(id, index);
    return index;
  }
}

function describeRule(id: string, facts: RuleFacts | undefined): object {
  if (!facts) return { id };
  const { category, description, name, severity } = facts;
  const advice = `If it is wanted here, accept it in a baseline (m2m scan --write-baseline) or disable ${id} (security.disabled_rules).`;
  return {
    id,
    name: pascalCase(name),
    shortDescription: { text: name },
    fullDescription: { text: description },
    help: { text: `${description} ${advice}`, markdown: `${description}\n\n${advice}` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ["security", "llm", category],
      category,
      severity,
      "security-severity": SECURITY_SEVERITY[severity],
    },
  };
}

function physicalLocation(file: string | undefined, startLine: number | undefined, excerpt?: string): object {
  return {
    artifactLocation:
      file === undefined ? { description: { text: "A text that is in no file" } } : artifactLocation(file),
    ...(startLine === undefined
      ? {}
      : { region: { startLine, ...(excerpt === undefined ? {} : { snippet: { text: excerpt } }) } }),
  };
}

/** A relative path is below the root of the sources, wherever the reader has them. */
function artifactLocation(file: string): object {
  const uri = file.toWellFormed().split("/").map(encodeURIComponent).join("/");
  if (/^[a-z]:\//i.test(file)) return { uri: `file:///${uri.replace("%3A", ":")}` };
  return file.startsWith("/") ? { uri: `file://${uri}` } : { uri, uriBaseId: "%SRCROOT%" };
}

/** Rules are named by an identifier: `OverrideOfEarlierInstructions`. */
function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
