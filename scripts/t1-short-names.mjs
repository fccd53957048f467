// The rule by which a model name gets its T1 short name.

/** Names that the published dialect uses for models: a decoder reads them as those, so they are never given again. */
export const DIALECT_NAMES =
  "g4o g4om g4t g4 g35t l31405 l3170 l318 l3370 mll msl mx87 mx822 dv3 dr1 dc q2572 q2532 qc32".split(" ");

/** First letters that the first letter alone would make ambiguous, or that the published table fixes. */
const FAMILY = { gpt: "", claude: "c", gemini: "g", gemma: "gm", grok: "x", command: "co", sonar: "so" };

/**
 * The table `rows` with a row appended for each of `models` that has none.
 * @param rows pairs [model, short] that are already on the wire; kept as they are, in their order.
 * @param taken every id and alias of the catalog: a short name that equals one would be ambiguous.
 */
export function assignShortNames(rows, models, taken) {
  const shortOf = new Map(rows);
  const used = new Set([...DIALECT_NAMES, ...taken, ...shortOf.keys(), ...shortOf.values()]);
  for (const model of models) {
    if (shortOf.has(model)) continue;
    // The colon tells a reader that lacks the row that this is a short name (docs/spec/t1.md, "Changes").
    const short = candidates(model)
      .map((name) => `:${name}`)
      .find((name) => !used.has(name) && name.length < model.length);
    if (short === undefined) continue;
    shortOf.set(model, short);
    used.add(short);
  }
  return [...shortOf];
}

/** Short names for `model`, best first: initials and digits, then more letters of the last words, then a number. */
function candidates(model) {
  const { words, date } = splitName(model);
  const found = [];
  for (let extra = 0; extra < 4; extra++) {
    for (let from = words.length - 1; from >= 0; from--) {
      found.push(words.map((word, i) => abbreviate(word, i >= from ? 1 + extra : 1)).join("") + date);
    }
  }
  const first = found[0];
  for (let number = 2; number < 10; number++) found.push(`${first}-${number}`);
  return found.filter((name) => /^[a-z0-9-]+$/.test(name));
}

/** The words of a model name, without the maker, and its date as MMDD (or YYMMDD's last part where it has no day). */
function splitName(model) {
  const base = model
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^amazon\./, "");
  const dated = /^(.*?)-20\d\d-?(\d\d)-?(\d\d)$/.exec(base);
  const name = dated ? dated[1] : base;
  return { words: name.split(/[-_:@ ]+/), date: dated ? dated[2] + dated[3] : "" };
}

/** Digits stay (dots and the b of a size go), a family has its letter, any other word its first `letters` letters. */
function abbreviate(word, letters) {
  if (/^\d/.test(word)) return word.replaceAll(".", "").replace(/(?<=^\d+)b$/, "");
  const [, stem, rest] = /^([a-z]*)(.*)$/.exec(word);
  const known = Object.hasOwn(FAMILY, stem) ? FAMILY[stem] : undefined;
  const initial = known !== undefined && letters === 1 ? known : stem.slice(0, letters);
  return initial + rest.replaceAll(".", "").replace(/(?<=\d)b$/, "");
}
