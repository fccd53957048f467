import fc from "fast-check";

/** Fragments that sit on the borders of the pre-tokenizers' rules. */
const FRAGMENTS = [
  ..."aZ09 _-/'\"<|>{}[]:,.\\",
  ..."\u0000\t\n\v\f\r\u001c\u001f\u0085\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u200d\ufeff",
  ..."ſKİıßǅʰªºⅧ²½①٣日本ा́\u0e33\ud7ff\ue000\uffff😀🙂𝒜𐐀𐐨",
  ...[
    "\r\n",
    "\n\n",
    "   ",
    "\t\t",
    "  \n  ",
    "'s",
    "'S",
    "'ll",
    "'LL",
    "'Ve",
    "'re",
    "'ſ",
    "'d",
    "'x",
    "''s",
  ],
  ...["<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|im_start|>", "<|", "|>", "<|eot_id|>"],
  ...[
    "<|begin_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_00|>",
    "<<|endoftext|>>",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "HTTPServer",
    "camelCaseWORDs",
    "ABCабвГДЕ",
    "ǅabc",
  ],
  ...['{"role":"user","content":', "\\u00e9", "https://example.com/a?b=c", "data: [DONE]\n\n", "12345678"],
  ...[
    "👩‍👩‍👧",
    "🇩🇪",
    "the",
    " The",
    " tokens",
    "über",
    "naïve",
    "\u0301",
    "日本語",
    "한국어",
    "العربية",
    "हिन्दी",
    "ไทย",
  ],
  "e\u0301\u0301A",
];
const fragment = fc.constantFrom(...FRAGMENTS);

/** Strings of such fragments; `anyUnicode` adds random characters, of which Unicode versions may differ. */
export function adversarialText({ anyUnicode }: { anyUnicode: boolean }): fc.Arbitrary<string> {
  const repeated = fragment.map((text) => text.repeat(9));
  const random = anyUnicode ? fc.string({ unit: "binary", maxLength: 6 }) : fc.string({ maxLength: 6 });
  const part = fc.oneof(
    { weight: 6, arbitrary: fragment },
    { weight: 1, arbitrary: random },
    { weight: 1, arbitrary: repeated },
  );
  return fc.array(part, { maxLength: 40 }).map((parts) => parts.join(""));
}
