import { hash } from "node:crypto";
import { DigestTable } from "../../shared/digest-table.js";
import type { ScanResult, SecurityScanner } from "../../security/index.js";

/** What is kept of a scan: it is small, and holds nothing of what was scanned. */
export interface ScanVerdict {
  readonly safe: boolean;
  /** Probability, 0 to 1, that the content is unsafe. */
  readonly score: number;
  readonly threatType?: string;
  /** What reaches the threshold or comes near, the highest score first. */
  readonly threats: readonly { readonly id: string; readonly pointer: string; readonly score: number }[];
}

const MAX_THREATS = 5;

/** A scan that may not have begun. */
export interface PendingScan {
  /** The verdict, if it is known already. */
  readonly known: ScanVerdict | undefined;
  /** Begins the scan, if nobody has. */
  begin(): void;
  /** The verdict; `undefined` if the scan failed. Begins it. */
  result(): Promise<ScanVerdict | undefined>;
}

export interface RequestScannerOptions {
  readonly scanner: Pick<SecurityScanner, "scan">;
  /** Bodies whose verdict is remembered. Default 4096, mostly 48 bytes each. */
  readonly rememberedBodies?: number;
  /** Told of scans that fail. */
  readonly onFailure: (error: unknown) => void;
}

const NO_THREATS: ScanVerdict["threats"] = [];

/** Scans bodies, each once: the same body, as of a client that tries again, has the same verdict. */
export class RequestScanner {
  readonly #options: RequestScannerOptions;
  /** By the SHA-256 of the body: the score, and the verdict of a body in which something was found. */
  readonly #verdicts: DigestTable<ScanVerdict>;
  readonly #running = new Map<string, Promise<ScanVerdict>>();

  constructor(options: RequestScannerOptions) {
    this.#options = options;
    this.#verdicts = new DigestTable(options.rememberedBodies ?? 4096, 1);
  }

  /** The scan of `body`, which is not begun: what it costs is better spent while the upstream works. */
  pending(body: Buffer): PendingScan {
    const key = hash("sha256", body, "binary");
    const known = this.#recall(key);
    let running: Promise<ScanVerdict | undefined> | undefined;
    const result = (): Promise<ScanVerdict | undefined> =>
      (running ??= known
        ? Promise.resolve(known)
        : this.#scan(key, body).catch((error: unknown) => {
            this.#options.onFailure(error);
            return undefined;
          }));
    return { known, result, begin: () => void result() };
  }

  #scan(key: string, body: Buffer): Promise<ScanVerdict> {
    let running = this.#running.get(key);
    if (!running) this.#running.set(key, (running = this.#judge(key, body)));
    return running;
  }

  async #judge(key: string, body: Buffer): Promise<ScanVerdict> {
    try {
      const result = await this.#options.scanner.scan(body, { maxThreats: MAX_THREATS, pause: turn });
      const verdict = verdictOf(result);
      const { safe, score, threats } = verdict;
      this.#verdicts.add(key, [score], safe && threats.length === 0 ? undefined : verdict);
      return verdict;
    } finally {
      this.#running.delete(key);
    }
  }

  #recall(key: string): ScanVerdict | undefined {
    const place = this.#verdicts.find(key);
    if (place < 0) return undefined;
    const score = this.#verdicts.numberAt(place, 0);
    return this.#verdicts.detailAt(place) ?? { safe: true, score, threats: NO_THREATS };
  }
}

/** The value of the header `x-m2m-security`. */
export function securityHeader(verdict: ScanVerdict | undefined): string {
  if (!verdict) return "failed";
  const score = `score=${verdict.score.toFixed(3)}`;
  if (verdict.safe) return `safe; ${score}`;
  return `unsafe; type=${verdict.threatType ?? "unknown"}; ${score}; rules="${ruleIds(verdict).join(" ")}"`;
}

/** Ids of the rules that make it unsafe, each once. */
export function ruleIds({ threats }: ScanVerdict): string[] {
  return [...new Set(threats.map(({ id }) => id))];
}

function verdictOf({ safe, score, threatType, threats }: ScanResult): ScanVerdict {
  return {
    safe,
    score,
    threatType,
    threats: threats.map(({ id, location, score }) => ({ id, pointer: location.pointer, score })),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
