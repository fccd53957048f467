const HEX = /^[0-9a-fA-F]{64}$/;
/** A key has one spelling: of the last digit two bits are to spare, and zero. */
const BASE64 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=?$/;
const BASE64URL = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=?$/;

/** The 32 bytes that a text spells: 64 hexadecimal digits, base64 or base64url. `undefined` for any other text. */
export function tryParseKeyText(text: string): Uint8Array | undefined {
  if (HEX.test(text)) return Uint8Array.from(Buffer.from(text, "hex"));
  if (!BASE64.test(text) && !BASE64URL.test(text)) return undefined;
  return Uint8Array.from(Buffer.from(text, "base64url"));
}
