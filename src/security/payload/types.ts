import type { Severity } from "../types.js";

/** A way in which content can be malformed. The counterpart of a rule, for structure instead of words. */
export interface PayloadCheck {
  /** `M2M-MAL-001`. Stable. */
  readonly id: string;
  readonly name: string;
  readonly severity: Severity;
  /** How much a finding alone says, 0 to 1; from 0.8 on it is hardly ever seen in honest traffic. */
  readonly weight: number;
  /** Why it is a threat, one sentence. */
  readonly description: string;
}

/** One place where content is malformed. */
export interface PayloadFinding {
  readonly check: PayloadCheck;
  /** JSON pointer (RFC 6901) of the string or container; empty for the whole document. */
  readonly pointer: string;
  /** UTF-16 offset in the string if `pointer` names one, else in the document; bytes where the content is not UTF-8. */
  readonly offset: number;
  readonly length: number;
  /** UTF-16 offset in the document, as near as it can be said: inside a string, escapes before it are not counted. */
  readonly position: number;
}
