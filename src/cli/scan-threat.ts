import type { ScanResult } from "../security/index.js";
import { SecurityThreat } from "../shared/errors.js";

/** Most findings that a message shows. */
const SHOWN = 3;

/** The refusal of content, with what was found and where; any other error as it is. */
export function explainThreat(error: unknown): unknown {
  if (!(error instanceof SecurityThreat)) return error;
  const verdict = error.verdict as ScanResult;
  const findings = verdict.threats.filter(({ category }) => category === verdict.threatType);
  const shown = findings.slice(0, SHOWN).map(({ excerpt, id, location, name }) => {
    const place = location.pointer === "" ? `line ${location.line}` : location.pointer;
    return `${id} ${name} (${place}: ${excerpt})`;
  });
  const more = findings.length > SHOWN ? [`and ${findings.length - SHOWN} more`] : [];
  const found = shown.length === 0 ? "" : `Found: ${[...shown, ...more].join("; ")}. `;
  return new SecurityThreat(error.message, verdict, {
    cause: error.cause,
    hint: `${found}Nothing was compressed.`,
  });
}
