import { assertOptions } from "../shared/bounds.js";
import { SecurityThreat } from "../shared/errors.js";
import { formatScore } from "../shared/score.js";

/** What a scanner says of content, as far as compression cares. */
export interface ContentVerdict {
  readonly safe: boolean;
  /** Probability, 0 to 1, that the content is unsafe. */
  readonly score: number;
  /** What kind of threat it is, if it is not safe. */
  readonly threatType?: string;
  /** The content must not go on the wire. */
  readonly shouldBlock: boolean;
}

/** Judges content before it is compressed. The room `security` has one; any other may be passed. */
export interface ContentScanner<Verdict extends ContentVerdict = ContentVerdict> {
  scan(content: string | Uint8Array): Promise<Verdict>;
}

/**
 * What `scanner` says of `content`.
 * @throws {InputError} `M2M_USAGE` if there is no scanner
 * @throws {SecurityThreat} `M2M_SECURITY_THREAT` if it is to be blocked
 */
export async function guardContent<Verdict extends ContentVerdict>(
  scanner: ContentScanner<Verdict>,
  content: string | Uint8Array,
): Promise<Verdict> {
  assertOptions("A scanner", scanner);
  const verdict = await scanner.scan(content);
  if (!verdict.shouldBlock) return verdict;
  throw new SecurityThreat(
    `The content is blocked: ${verdict.threatType ?? "a threat"} with a score of ${formatScore(verdict.score)}.`,
    verdict,
    { hint: "Nothing was compressed. `m2m scan` shows what was found and where." },
  );
}
