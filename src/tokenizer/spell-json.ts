/** `value` as JSON text; `undefined` if it has none, or is nested too deep to be spelled. */
export function spellJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
