// The libraries that tokenizer.ts compares, behind one shape. Plain JavaScript, so that a process without tsx can time
// their loading: node test/bench/tokenizer-libraries.mjs LIBRARY ENCODING prints {importMs, loadMs, rssMB}.

/** What is shipped: `npm run build` makes it. */
const SHIPPED = new URL("../../dist/tokenizer/index.js", import.meta.url).href;

/** @type {Record<string, (encoding: string) => Promise<{encode(text: string): ArrayLike<number>, count(text: string): number}>>} */
export const LIBRARIES = {
  async m2m(encoding) {
    const { TokenizerCache } = await import(SHIPPED);
    const tokenizer = new TokenizerCache().get(encoding);
    return { encode: (text) => tokenizer.encode(text), count: (text) => tokenizer.count(text) };
  },
  async tiktoken(encoding) {
    const { get_encoding } = await import("tiktoken");
    const tokenizer = get_encoding(encoding);
    const encode = (text) => tokenizer.encode(text, "all");
    return { encode, count: (text) => encode(text).length };
  },
  async "gpt-tokenizer"(encoding) {
    const gpt = await import(`gpt-tokenizer/encoding/${encoding}`);
    const encode = (text) => gpt.encode(text, { allowedSpecial: "all" });
    return { encode, count: (text) => encode(text).length };
  },
  async "js-tiktoken"(encoding) {
    const { Tiktoken } = await import("js-tiktoken/lite");
    const tokenizer = new Tiktoken((await import(`js-tiktoken/ranks/${encoding}`)).default);
    const encode = (text) => tokenizer.encode(text, "all");
    return { encode, count: (text) => encode(text).length };
  },
};

/** @type {Record<string, (encoding: string) => Promise<unknown>>} */
const MODULES = {
  m2m: () => import(SHIPPED),
  tiktoken: () => import("tiktoken"),
  "gpt-tokenizer": (encoding) => import(`gpt-tokenizer/encoding/${encoding}`),
  "js-tiktoken": (encoding) =>
    Promise.all([import("js-tiktoken/lite"), import(`js-tiktoken/ranks/${encoding}`)]),
};

if (process.argv[1] === (await import("node:url")).fileURLToPath(import.meta.url)) {
  const [library, encoding] = process.argv.slice(2);
  globalThis.gc?.();
  const rssBefore = process.memoryUsage.rss();
  const start = performance.now();
  // The modules first: the second import of them is free.
  await MODULES[library](encoding);
  const importMs = performance.now() - start;
  const { count } = await LIBRARIES[library](encoding);
  count("Hello, world");
  const loadMs = performance.now() - start - importMs;
  globalThis.gc?.();
  console.log(JSON.stringify({ importMs, loadMs, rssMB: (process.memoryUsage.rss() - rssBefore) / 1e6 }));
}
