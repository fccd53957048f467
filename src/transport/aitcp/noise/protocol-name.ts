/** X25519, ChaCha20-Poly1305 and SHA-256: the only algorithms there are here. */
const ALGORITHMS = "25519_ChaChaPoly_SHA256";

/** The name of the protocol with this pattern (Noise, revision 34, 8). */
export function protocolName(pattern: string): string {
  return `Noise_${pattern}_${ALGORITHMS}`;
}
