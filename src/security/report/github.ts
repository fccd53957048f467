import { escapeUnsafe } from "../../shared/quote.js";
import { describeScore, findingsOf, lineOf, type ScannedInput } from "./scanned-input.js";

/**
 * Workflow commands of GitHub Actions, one a finding: each becomes an annotation of its line.
 * Source: GitHub Actions, "Workflow commands", and the escapes of actions/toolkit `packages/core/src/command.ts`.
 */
export function githubAnnotations(input: ScannedInput, threshold: number): string[] {
  if (input.result.safe) return [];
  const annotations = findingsOf(input, threshold).map((threat) => {
    const properties = [
      ...(input.file === undefined ? [] : [fileProperty(input.file)]),
      ...(input.file === undefined ? [] : [`line=${lineOf(input, threat)}`]),
      `title=${escapeProperty(escapeUnsafe(`${threat.id} ${threat.name}`))}`,
    ];
    const where = threat.location.pointer === "" ? "" : ` at ${threat.location.pointer}`;
    const text = `${threat.name} (${describeScore(threat)})${where}: ${threat.excerpt}`;
    return `::error ${properties.join(",")}::${escapeData(escapeUnsafe(text))}`;
  });
  if (annotations.length > 0) return annotations;
  // The whole is unsafe although no single place is.
  const { score, threatType } = input.result;
  const file = input.file === undefined ? "" : `${fileProperty(input.file)},`;
  const text = `Unsafe content (${describeScore({ category: threatType ?? "injection", score })})`;
  return [`::error ${file}title=Unsafe content::${escapeData(text)}`];
}

/** A path keeps what names it; only what would act on a terminal is shown instead of sent. */
function fileProperty(file: string): string {
  return `file=${escapeProperty(file.replace(/(?![\r\n])\p{Cc}/gu, escapeUnsafe))}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
