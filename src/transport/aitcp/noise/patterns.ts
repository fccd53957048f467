/** A token of a message pattern (Noise, revision 34, 7 and 9.2). */
export type Token = "e" | "s" | "ee" | "es" | "se" | "ss" | "psk";

export interface HandshakePattern {
  /** With its modifier, such as `IKpsk2`. */
  readonly name: string;
  /** Whether the initiator knows the responder's static key before: the one pre-message that there is here. */
  readonly knowsResponder: boolean;
  /** Messages by turns, the initiator's first. */
  readonly messages: readonly (readonly Token[])[];
  /** Whether a pre-shared key is mixed in. */
  readonly hasPsk: boolean;
}

/** Noise, revision 34, 7.5. */
const BASE_PATTERNS: Readonly<Record<string, Pick<HandshakePattern, "knowsResponder" | "messages">>> = {
  XX: { knowsResponder: false, messages: [["e"], ["e", "ee", "s", "es"], ["s", "se"]] },
  IK: {
    knowsResponder: true,
    messages: [
      ["e", "es", "s", "ss"],
      ["e", "ee", "se"],
    ],
  },
};

/** Such as `XX`, `IK`, `IKpsk2`. */
const NAME = /^([A-Z]+)(?:psk(\d))?$/;

/**
 * The pattern of a name: XX or IK, with one pre-shared key or none. The modifier psk0 puts the key before the first message's
 * tokens, pskN behind those of message N (Noise, revision 34, 9.4).
 * @throws {RangeError} for another name
 */
export function findPattern(name: string): HandshakePattern {
  const [, baseName = "", place] = NAME.exec(name) ?? [];
  const base = Object.hasOwn(BASE_PATTERNS, baseName) ? BASE_PATTERNS[baseName] : undefined;
  if (!base || Number(place ?? 0) > base.messages.length)
    throw new RangeError(`No pattern is called ${name}.`);
  if (place === undefined) return { ...base, name, hasPsk: false };
  const messages = base.messages.map((tokens) => [...tokens]);
  if (place === "0") messages[0].unshift("psk");
  else messages[Number(place) - 1].push("psk");
  return { ...base, name, messages, hasPsk: true };
}
