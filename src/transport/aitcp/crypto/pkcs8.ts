export type Curve = "Ed25519" | "X25519";

/** What stands before the 32 bytes of a private key in PKCS#8 (RFC 8410, 7); one byte names the curve. */
const HEAD = "302e020100300506032b65%04220420";
const CURVE_BYTES: Readonly<Record<Curve, string>> = { X25519: "6e", Ed25519: "70" };

/** A private key of 32 bytes as PKCS#8 (DER), which whoever has it overwrites. */
export function pkcs8Of(curve: Curve, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(HEAD.replace("%", CURVE_BYTES[curve]), "hex"), bytes]);
}
