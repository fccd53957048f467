import { UnsupportedError } from "../../../shared/errors.js";
import { MIN_WINDOW, type FlowSettings } from "../flow/index.js";
import { SIGNATURE_MODES } from "../turn/index.js";
import { handshakeInvalid, numberValue, parseNumberValue, type ParameterValues } from "./parameters.js";
import type { AiTcpAgreement, HandshakeSettings } from "./settings.js";

/** Of the protocol; each is one byte on the wire. */
export const VERSIONS: readonly number[] = [1];

/** Smallest and largest values that are taken of a peer: smaller ones could not carry anything, larger ones are no limits. */
const BOUNDS = {
  messageBytes: [1, 2 ** 40],
  streamWindow: [MIN_WINDOW, 2 ** 40],
  sessionWindow: [MIN_WINDOW, 2 ** 40],
  streams: [0, 2 ** 20],
  idleMs: [1000, 2 ** 31],
  lifetime: [0, 2 ** 31],
} as const;

/** What INITIATION says, but for who the initiator is. */
export function offerParameters(settings: HandshakeSettings): ParameterValues {
  return {
    versions: Uint8Array.from(VERSIONS),
    signatures: Uint8Array.from(settings.signatures, (mode) => SIGNATURE_MODES.indexOf(mode)),
    ...limitParameters(settings),
  };
}

/** What RESPONSE says, but for who the responder is. */
export function answerParameters(agreed: AiTcpAgreement, settings: HandshakeSettings): ParameterValues {
  return {
    versions: Uint8Array.of(agreed.version),
    signatures: Uint8Array.of(SIGNATURE_MODES.indexOf(agreed.signatures)),
    ...limitParameters(settings),
    lifetime: numberValue(agreed.lifetimeSeconds),
  };
}

/**
 * The responder's choice.
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_SIGNATURES_UNSUPPORTED` if there is nothing in common
 * @throws {FormatError} `M2M_HANDSHAKE_INVALID`
 */
export function choose(offer: ParameterValues, settings: HandshakeSettings): AiTcpAgreement {
  const offered = [...required(offer, "versions")];
  const version = VERSIONS.find((known) => offered.includes(known));
  if (version === undefined) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      "The peer speaks no version of AI-TCP that is known here.",
    );
  }
  const modes = [...required(offer, "signatures")].map((byte) => SIGNATURE_MODES[byte]);
  const signatures = settings.signatures.find((mode) => modes.includes(mode));
  if (!signatures) throw signaturesUnsupported();
  return { version, signatures, lifetimeSeconds: settings.lifetimeSeconds, ...peerLimits(offer, settings) };
}

/**
 * What the responder has chosen, if it was offered.
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_SIGNATURES_UNSUPPORTED` if it was not
 * @throws {FormatError} `M2M_HANDSHAKE_INVALID`
 */
export function readChoice(answer: ParameterValues, settings: HandshakeSettings): AiTcpAgreement {
  const versions = required(answer, "versions");
  const modes = required(answer, "signatures");
  const [version] = versions;
  if (versions.length !== 1 || version === undefined || !VERSIONS.includes(version)) {
    throw new UnsupportedError("M2M_VERSION_UNSUPPORTED", "The peer chose a version that was not offered.");
  }
  const signatures = SIGNATURE_MODES[modes[0] ?? -1];
  if (modes.length !== 1 || !signatures || !settings.signatures.includes(signatures)) {
    throw signaturesUnsupported();
  }
  const lifetimeSeconds = numberOf(answer, "lifetime");
  return { version, signatures, lifetimeSeconds, ...peerLimits(answer, settings) };
}

/** @throws {FormatError} `M2M_HANDSHAKE_INVALID` if it is not there */
export function required(values: ParameterValues, name: keyof ParameterValues): Uint8Array {
  const value = values[name];
  if (!value) throw handshakeInvalid(`The parameter ${name} is missing.`);
  return value;
}

function limitParameters({ flow, idleMs, isPadding }: HandshakeSettings): ParameterValues {
  return {
    messageBytes: numberValue(flow.messageBytes),
    streamWindow: numberValue(flow.streamWindow),
    sessionWindow: numberValue(flow.sessionWindow),
    streams: numberValue(flow.streams),
    idleMs: numberValue(idleMs),
    padding: Uint8Array.of(isPadding ? 1 : 0),
  };
}

function peerLimits(
  values: ParameterValues,
  own: HandshakeSettings,
): Pick<AiTcpAgreement, "peerFlow" | "peerIdleMs" | "isPadded"> {
  const peerFlow: FlowSettings = {
    messageBytes: numberOf(values, "messageBytes"),
    streamWindow: numberOf(values, "streamWindow"),
    sessionWindow: numberOf(values, "sessionWindow"),
    streams: numberOf(values, "streams"),
  };
  const padding = required(values, "padding");
  if (padding.length !== 1 || (padding[0] ?? 2) > 1) throw handshakeInvalid("padding is neither 0 nor 1.");
  return { peerFlow, peerIdleMs: numberOf(values, "idleMs"), isPadded: own.isPadding || padding[0] === 1 };
}

function numberOf(values: ParameterValues, name: keyof typeof BOUNDS): number {
  const number = parseNumberValue(required(values, name));
  const [least, most] = BOUNDS[name];
  if (number < least || number > most) {
    throw handshakeInvalid(`The parameter ${name} is ${number}: ${least} to ${most} are taken.`);
  }
  return number;
}

function signaturesUnsupported(): UnsupportedError {
  return new UnsupportedError(
    "M2M_SIGNATURES_UNSUPPORTED",
    "The peer and this side take no mode of signatures in common.",
  );
}
