import { IntegrityError } from "../../../shared/errors.js";
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES } from "../sizes.js";

/** Libraries take shorter nonces in silence. @throws {RangeError} for a key or nonce of another length */
export function assertKeyAndNonce(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${key.length}.`);
  if (nonce.length === NONCE_BYTES) return;
  throw new RangeError(`A nonce has ${NONCE_BYTES} bytes, not ${nonce.length}.`);
}

/** @throws {RangeError} unless there are the counter and the nonce */
export function assertKeyAndCounter(key: Uint8Array, counterAndNonce: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`A key has ${KEY_BYTES} bytes, not ${key.length}.`);
  if (counterAndNonce.length === 4 + NONCE_BYTES) return;
  throw new RangeError(`Counter and nonce have 16 bytes, not ${counterAndNonce.length}.`);
}

/** @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` if there is no room for a tag */
export function assertTagFits(sealed: Uint8Array): void {
  if (sealed.length < TAG_BYTES) throw tagMismatch();
}

export function tagMismatch(cause?: unknown): IntegrityError {
  return new IntegrityError(
    "M2M_AUTHENTICATION_FAILED",
    "The sealed bytes are not what the owner of the key has sealed.",
    { cause },
  );
}
