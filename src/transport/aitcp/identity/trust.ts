import { assertOptions } from "../../../shared/bounds.js";
import { InputError, IntegrityError, type M2MError } from "../../../shared/errors.js";
import { KEY_BYTES, type AiTcpCrypto } from "../crypto/index.js";
import { checkCertificate, checkTime, type Certificate, type CertificateState } from "./certificate.js";
import type { KnownPeers } from "./known-peers.js";
import { fingerprint, formatIdentity, isSameIdentity } from "./public-identity.js";

export interface TrustOptions {
  readonly crypto: AiTcpCrypto;
  /** Identities that are trusted by themselves; gone through with each decision, so that an `IdentityList` is as its file is then. */
  readonly pinned?: Iterable<Uint8Array>;
  /** Public keys of organisations, whose certificates are taken; as `pinned`. */
  readonly organisations?: Iterable<Uint8Array>;
  readonly knownPeers?: KnownPeers;
  /** Whether an address that `knownPeers` does not know is taken, and written there. Default: no. */
  readonly trustOnFirstUse?: boolean;
  /** Whether everybody is trusted who can prove an identity. Default: no. */
  readonly anyone?: boolean;
}

export type TrustReason = "pinned" | "certificate" | "known" | "first-use" | "anyone";

export type TrustDecision =
  | { readonly trusted: true; readonly how: TrustReason }
  /** `error`: `M2M_PEER_UNTRUSTED`, or `M2M_PEER_CHANGED` where the address is known with another identity. */
  | { readonly trusted: false; readonly how: "unknown" | "changed"; readonly error: M2MError };

const REASONS: Readonly<Record<Exclude<CertificateState, "valid">, string>> = {
  early: "its certificate does not hold yet",
  expired: "its certificate has expired",
  forged: "its certificate is not of its issuer, or for another identity",
};

/** Whom an agent talks to. Without any option it is nobody. */
export class TrustPolicy {
  readonly #options: TrustOptions;
  readonly #distrusted = new Set<string>();

  /** @throws {InputError} `M2M_USAGE` if what should be keys is none, such as texts of identities */
  constructor(options: TrustOptions) {
    assertOptions("The options", options);
    assertKeys("pinned", options.pinned);
    assertKeys("organisations", options.organisations);
    this.#options = options;
  }

  /** Takes trust back for good, whatever else would give it: sessions that the identity has end within 30 s. */
  distrust(identity: Uint8Array): void {
    this.#distrusted.add(formatIdentity(identity));
  }

  /**
   * The static key of the server at an address, if the file of known peers has it.
   * @throws {InputError} if that cannot be read
   */
  knownStatic(address: string): Uint8Array | undefined {
    return this.#options.knownPeers?.findStatic(address);
  }

  /** Notes the static key of a server that has proven it, beside its identity in the file of known peers, if it is there. */
  noteStatic(address: string, identity: Uint8Array, staticKey: Uint8Array): void {
    try {
      this.#options.knownPeers?.noteStatic(address, identity, staticKey);
    } catch {
      // It saves a round trip the next time: a file that cannot be written now is no reason to end a session.
    }
  }

  /**
   * Whether a peer is trusted. Ask only after it has proven its identity: a first use is written down.
   * @param certificate what it has shown, if anything
   * @param address `host:port` of where one has connected to; nothing for a peer that has connected itself
   * @param isRepeated it was trusted before, and is asked for again while its session lasts: that is no first use, and its certificate was
   *   verified
   * @throws {InputError} if the file of known peers cannot be read or written
   */
  decide(
    identity: Uint8Array,
    certificate: Certificate | undefined,
    address: string | undefined,
    nowMs: number,
    isRepeated = false,
  ): TrustDecision {
    const { crypto, pinned = [], organisations = [], knownPeers, trustOnFirstUse, anyone } = this.#options;
    if (this.#distrusted.size > 0 && this.#distrusted.has(formatIdentity(identity))) {
      return { trusted: false, how: "unknown", error: untrusted(identity, "it is not trusted any more") };
    }
    if (isAmong(pinned, identity)) return { trusted: true, how: "pinned" };
    let why = "it is not among those that are known";
    if (certificate && isAmong(organisations, certificate.issuer)) {
      const state = isRepeated
        ? checkTime(certificate, nowMs)
        : checkCertificate(crypto, certificate, identity, nowMs);
      if (state === "valid") return { trusted: true, how: "certificate" };
      why = REASONS[state];
    }
    try {
      if (knownPeers?.find(identity, address)) return { trusted: true, how: "known" };
    } catch (error) {
      if (error instanceof IntegrityError) return { trusted: false, how: "changed", error };
      throw error;
    }
    if (knownPeers && trustOnFirstUse && address !== undefined && !isRepeated) {
      knownPeers.add(address, identity);
      return { trusted: true, how: "first-use" };
    }
    if (anyone) return { trusted: true, how: "anyone" };
    return { trusted: false, how: "unknown", error: untrusted(identity, why) };
  }
}

/** What is read anew with each decision, as a file is, is not asked before. */
function assertKeys(name: string, keys: unknown): void {
  if (keys === undefined) return;
  const isIterable = typeof keys === "object" && keys !== null && Symbol.iterator in keys;
  const listed: readonly unknown[] = Array.isArray(keys) || keys instanceof Set ? [...keys] : [];
  const isGood = isIterable && !ArrayBuffer.isView(keys) && listed.every(isPublicKey);
  if (isGood) return;
  throw new InputError("M2M_USAGE", `${name} are public keys, each a Uint8Array of ${KEY_BYTES} bytes.`, {
    hint: "parseIdentity reads one that is written as text.",
  });
}

function isPublicKey(key: unknown): boolean {
  return key instanceof Uint8Array && key.length === KEY_BYTES;
}

function isAmong(keys: Iterable<Uint8Array>, wanted: Uint8Array): boolean {
  for (const key of keys) if (isSameIdentity(key, wanted)) return true;
  return false;
}

function untrusted(identity: Uint8Array, why: string): M2MError {
  return new IntegrityError(
    "M2M_PEER_UNTRUSTED",
    `The peer ${formatIdentity(identity)} (${fingerprint(identity)}) is not trusted: ${why}.`,
    {
      hint: "Pin its identity, add it to the file of known peers, or trust the organisation that certifies it.",
    },
  );
}
