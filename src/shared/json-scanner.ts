import { FormatError, LimitError } from "./errors.js";

/** What `JsonScanner.next` found. */
export const TOKEN = Object.freeze({
  END: 0,
  OPEN_OBJECT: 1,
  CLOSE_OBJECT: 2,
  OPEN_ARRAY: 3,
  CLOSE_ARRAY: 4,
  KEY: 5,
  STRING: 6,
  NUMBER: 7,
  TRUE: 8,
  FALSE: 9,
  NULL: 10,
});

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** What may come next. */
const VALUE = 0;
const FIRST_KEY_OR_CLOSE = 1;
const FIRST_ITEM_OR_CLOSE = 2;
const COMMA_OR_CLOSE = 3;
const COLON_AND_VALUE = 4;
const END_OF_TEXT = 5;

const IN_ARRAY = 0;
const IN_OBJECT = 1;

/**
 * Reads JSON text (RFC 8259, strict) token by token, without recursion and without building values. Separators and
 * whitespace are checked and skipped; `separator` tells which one stood before the token.
 */
export class JsonScanner {
  /** Offset of the current token's first unit; keys and strings include their quotes. */
  start = 0;
  /** Offset behind the current token. */
  end: number;
  /** The comma or colon before the current token, as a char code, or 0. */
  separator = 0;
  /** Containers that are open behind the current token. */
  depth = 0;

  readonly #text: string;
  readonly #maxDepth: number;
  readonly #code: "M2M_JSON_INVALID" | "M2M_T1_INVALID";
  #expect = VALUE;
  #kinds = new Uint8Array(64);

  /**
   * @param from offset in `text` where the JSON text begins
   * @param code of the error for malformed text
   */
  constructor(
    text: string,
    maxDepth: number = Infinity,
    from = 0,
    code: "M2M_JSON_INVALID" | "M2M_T1_INVALID" = "M2M_JSON_INVALID",
  ) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#code = code;
    this.end = from;
  }

  /**
   * Moves to the next token; `TOKEN.END` behind the last one.
   * @throws {FormatError} the code given to the constructor, with the UTF-16 offset
   * @throws {LimitError} `M2M_JSON_TOO_DEEP`
   */
  next(): number {
    const text = this.#text;
    let at = skipWhitespace(text, this.end);
    let unit = text.charCodeAt(at);
    this.separator = 0;
    switch (this.#expect) {
      case VALUE:
        return this.#value(at, unit);
      case COLON_AND_VALUE:
        if (unit !== COLON) throw this.fault(at, "a colon is expected behind the key");
        this.separator = COLON;
        at = skipWhitespace(text, at + 1);
        return this.#value(at, text.charCodeAt(at));
      case FIRST_KEY_OR_CLOSE:
        if (unit === 0x7d) return this.#close(at, TOKEN.CLOSE_OBJECT);
        return this.#key(at, unit, "a key or a closing brace is expected");
      case FIRST_ITEM_OR_CLOSE:
        if (unit === 0x5d) return this.#close(at, TOKEN.CLOSE_ARRAY);
        return this.#value(at, unit);
      case COMMA_OR_CLOSE: {
        const object = this.#kinds[this.depth - 1] === IN_OBJECT;
        if (unit === COMMA) {
          this.separator = COMMA;
          at = skipWhitespace(text, at + 1);
          unit = text.charCodeAt(at);
          return object ? this.#key(at, unit, "a key is expected behind the comma") : this.#value(at, unit);
        }
        if (unit === (object ? 0x7d : 0x5d)) {
          return this.#close(at, object ? TOKEN.CLOSE_OBJECT : TOKEN.CLOSE_ARRAY);
        }
        throw this.fault(at, `a comma or a closing ${object ? "brace" : "bracket"} is expected`);
      }
      default:
        if (at < text.length) throw this.fault(at, "there is more text behind the value");
        this.start = this.end = at;
        return TOKEN.END;
    }
  }

  #value(at: number, unit: number): number {
    this.start = at;
    switch (unit) {
      case QUOTE:
        this.end = this.#stringEnd(at + 1);
        this.#expect = this.depth > 0 ? COMMA_OR_CLOSE : END_OF_TEXT;
        return TOKEN.STRING;
      case 0x7b:
        this.#open(at, IN_OBJECT);
        this.#expect = FIRST_KEY_OR_CLOSE;
        return TOKEN.OPEN_OBJECT;
      case 0x5b:
        this.#open(at, IN_ARRAY);
        this.#expect = FIRST_ITEM_OR_CLOSE;
        return TOKEN.OPEN_ARRAY;
      case 0x74:
        return this.#literal("true", TOKEN.TRUE);
      case 0x66:
        return this.#literal("false", TOKEN.FALSE);
      case 0x6e:
        return this.#literal("null", TOKEN.NULL);
      default:
        if (unit !== 0x2d && !isDigit(unit)) {
          throw this.fault(at, unit === 0xfeff ? "a byte order mark is no JSON" : "a value is expected");
        }
        this.end = this.#numberEnd(at, unit);
        this.#expect = this.depth > 0 ? COMMA_OR_CLOSE : END_OF_TEXT;
        return TOKEN.NUMBER;
    }
  }

  #key(at: number, unit: number, reason: string): number {
    if (unit !== QUOTE) throw this.fault(at, reason);
    this.start = at;
    this.end = this.#stringEnd(at + 1);
    this.#expect = COLON_AND_VALUE;
    return TOKEN.KEY;
  }

  #open(at: number, kind: number): void {
    if (this.depth >= this.#maxDepth) throw tooDeep(at, this.#maxDepth);
    if (this.depth === this.#kinds.length) {
      const grown = new Uint8Array(this.#kinds.length * 2);
      grown.set(this.#kinds);
      this.#kinds = grown;
    }
    this.#kinds[this.depth++] = kind;
    this.end = at + 1;
  }

  #close(at: number, token: number): number {
    this.start = at;
    this.end = at + 1;
    this.#expect = --this.depth > 0 ? COMMA_OR_CLOSE : END_OF_TEXT;
    return token;
  }

  #literal(word: string, token: number): number {
    const text = this.#text;
    for (let i = 1; i < word.length; i++) {
      if (text.charCodeAt(this.start + i) !== word.charCodeAt(i)) {
        const reason = `the word at offset ${this.start} is none of true, false and null`;
        throw this.fault(this.start + i, reason);
      }
    }
    this.end = this.start + word.length;
    this.#expect = this.depth > 0 ? COMMA_OR_CLOSE : END_OF_TEXT;
    return token;
  }

  /** Offset behind the closing quote of the string whose content starts at `at`. */
  #stringEnd(at: number): number {
    const text = this.#text;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit > BACKSLASH) at++;
      else if (unit === QUOTE) return at + 1;
      else if (unit === BACKSLASH) at = this.#escapeEnd(at + 1);
      else if (unit >= 0x20) at++;
      else if (at < text.length) throw this.fault(at, "a string holds an unescaped control character");
      else throw this.fault(at, "a string is not closed");
    }
  }

  #escapeEnd(at: number): number {
    const text = this.#text;
    switch (text.charCodeAt(at)) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return at + 1;
      case 0x75:
        for (let i = 1; i <= 4; i++) {
          if (!isHexDigit(text.charCodeAt(at + i))) {
            throw this.fault(at + i, "\\u must have four hexadecimal digits behind it");
          }
        }
        return at + 5;
      default:
        throw this.fault(at, "a string holds an unknown escape");
    }
  }

  #numberEnd(at: number, first: number): number {
    const text = this.#text;
    let unit = first;
    if (unit === 0x2d) unit = text.charCodeAt(++at);
    if (unit === 0x30) {
      unit = text.charCodeAt(++at);
      if (isDigit(unit)) throw this.fault(at, "a number has a leading zero");
    } else {
      at = this.#digitsEnd(at);
      unit = text.charCodeAt(at);
    }
    if (unit === 0x2e) {
      at = this.#digitsEnd(at + 1);
      unit = text.charCodeAt(at);
    }
    if (unit === 0x65 || unit === 0x45) {
      unit = text.charCodeAt(++at);
      if (unit === 0x2b || unit === 0x2d) at++;
      at = this.#digitsEnd(at);
    }
    return at;
  }

  #digitsEnd(at: number): number {
    const text = this.#text;
    if (!isDigit(text.charCodeAt(at))) throw this.fault(at, "a digit is expected in the number");
    do at++;
    while (isDigit(text.charCodeAt(at)));
    return at;
  }

  /** The error for text that is malformed at `offset`. */
  fault(offset: number, reason: string): FormatError {
    const what = this.#code === "M2M_JSON_INVALID" ? "JSON" : "T1 text";
    const why = offset >= this.#text.length ? `it ends too early (${reason})` : reason;
    return new FormatError(this.#code, `The ${what} is invalid at offset ${offset}: ${why}.`, { offset });
  }
}

function tooDeep(offset: number, maxDepth: number): LimitError {
  return new LimitError(
    "M2M_JSON_TOO_DEEP",
    `The JSON is nested deeper than the limit of ${maxDepth} at offset ${offset}.`,
    { offset, hint: "Raise the limit, or use a format that carries text without parsing it." },
  );
}

/** Offset of the first unit at or behind `at` that is no JSON whitespace (RFC 8259 section 2). */
function skipWhitespace(text: string, at: number): number {
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
    at++;
  }
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isHexDigit(unit: number): boolean {
  return isDigit(unit) || (unit >= 0x41 && unit <= 0x46) || (unit >= 0x61 && unit <= 0x66);
}
