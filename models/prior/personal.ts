/**
 * What points to a person or opens a door, in any text: such stretches are never shipped. A pattern may take too much, never
 * too little.
 */
export const PERSONAL: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["e-mail address", /[\w.+-]+@[\w-]+\.[a-z]{2,}/iu],
  ["IPv4 address", /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/u],
  ["telephone number", /\+\d[\d ()-]{7,}\d|\(\d{3}\) ?\d{3}-\d{4}|(?<!\d)\d{3}-\d{3}-\d{4}(?!\d)/u],
  ["home folder", /\/(?:home|Users)\/\w+|[A-Z]:\\+Users\\+\w+/u],
  [
    "key",
    /\b(?:sk|pk|rk|ghp|gho|xox[abp]|AKIA|AIza|glpat|hf)[-_][\w-]{16,}|AKIA[0-9A-Z]{12,}|AIza[\w-]{20,}/u,
  ],
  ["token", /eyJ[\w-]{10,}\.[\w-]{10,}|-----BEGIN/u],
  ["random text", /(?=[A-Za-z]*\d)(?=[\d]*[A-Za-z])(?=\w*\d\w*[A-Za-z]\w*\d\w*[A-Za-z])[A-Za-z0-9]{24,}/u],
  ["card or account number", /(?<!\d)\d{13,19}(?!\d)/u],
];

/** The names of the patterns that `text` has. */
export function findPersonal(text: string): string[] {
  return PERSONAL.filter(([, pattern]) => pattern.test(text)).map(([name]) => name);
}
