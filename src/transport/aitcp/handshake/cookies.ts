import { timingSafeEqual } from "node:crypto";
import type { AiTcpCrypto } from "../crypto/index.js";

export const COOKIE_BYTES = 16;
const SECRET_BYTES = 32;
/** How long a secret makes cookies; it is taken for as long again. */
const SECRET_MS = 120_000;

/** Cookies of a responder under load: they say that a peer reads what is sent to its address, and nothing is kept for them. */
export class Cookies {
  readonly #crypto: AiTcpCrypto;
  #secret: Uint8Array;
  #former: Uint8Array | undefined;
  #sinceMs: number;

  /** @param nowMs the time, in milliseconds of any clock that does not go back, as with each call */
  constructor(crypto: AiTcpCrypto, nowMs: number) {
    this.#crypto = crypto;
    this.#secret = crypto.randomBytes(SECRET_BYTES);
    this.#sinceMs = nowMs;
  }

  make(address: string, ephemeralKey: Uint8Array, nowMs: number): Uint8Array {
    this.#turn(nowMs);
    return this.#cookie(this.#secret, address, ephemeralKey);
  }

  isValid(cookie: Uint8Array, address: string, ephemeralKey: Uint8Array, nowMs: number): boolean {
    this.#turn(nowMs);
    if (cookie.length !== COOKIE_BYTES) return false;
    const secrets = this.#former ? [this.#secret, this.#former] : [this.#secret];
    return secrets.some((secret) => timingSafeEqual(cookie, this.#cookie(secret, address, ephemeralKey)));
  }

  #cookie(secret: Uint8Array, address: string, ephemeralKey: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([Buffer.from(`${address}\0`), ephemeralKey]);
    return this.#crypto.hmac(secret, bytes).subarray(0, COOKIE_BYTES);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#sinceMs;
    if (ageMs < SECRET_MS) return;
    this.#former = ageMs < 2 * SECRET_MS ? this.#secret : undefined;
    this.#secret = this.#crypto.randomBytes(SECRET_BYTES);
    this.#sinceMs = nowMs;
  }
}
