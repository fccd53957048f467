/** What a guide shows of an output, compared with the output: `…` stands for anything. */

/** The JSON values that stand behind each other in `text`, with or without lines between them. */
export function readJsonValues(text: string): unknown[] {
  const values: unknown[] = [];
  let start = 0;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{[\]}]|[^\s{}[\]",:]+/g)) {
    if (depth === 0) start = index;
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    if (depth === 0) values.push(JSON.parse(text.slice(start, index + token.length)));
  }
  return values;
}

/** Where `actual` is not as `shown`: members and elements that are not shown do not matter. `undefined` if it is. */
export function findDifference(shown: unknown, actual: unknown, path = ""): string | undefined {
  if (typeof shown === "object" && shown !== null) {
    if (typeof actual !== "object" || actual === null)
      return `${path}: ${JSON.stringify(actual)} is no object`;
    for (const [name, value] of Object.entries(shown)) {
      const difference = findDifference(value, (actual as Record<string, unknown>)[name], `${path}/${name}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  const isEqual =
    typeof shown === "string" && typeof actual === "string"
      ? patternOf(shown).test(actual)
      : shown === actual;
  return isEqual ? undefined : `${path}: ${JSON.stringify(actual)} is not ${JSON.stringify(shown)}`;
}

/** The first of the lines `shown` that is not in `output` behind the ones before it; `undefined` if all are. */
export function findMissingLine(shown: readonly string[], output: string): string | undefined {
  const lines = output.split("\n").map((line) => line.trimEnd());
  let at = 0;
  return shown.find((line) => {
    const pattern = patternOf(line.trimEnd());
    while (at < lines.length && !pattern.test(lines[at])) at++;
    return at++ >= lines.length;
  });
}

function patternOf(shown: string): RegExp {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
