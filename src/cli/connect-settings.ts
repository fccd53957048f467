import { resolve } from "node:path";
import type { AiTcpClientOptions, M2MClientOptions } from "../client/index.js";
import { defaultAlgorithms } from "../session/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import { InputError, type M2MError } from "../shared/errors.js";
import {
  formatAddress,
  parseAiTcpAddress,
  TrustPolicy,
  type AiTcpSession,
  type TrustDecision,
} from "../transport/index.js";
import { loadCredentials, type AiTcpCredentials } from "./aitcp-settings.js";
import type { ConnectFlags } from "./connect-flags.js";
import type { CommandContext } from "./context.js";
import { noteLeftAlone } from "./left-alone.js";
import { printable } from "./terminal.js";
import { TranscriptFiles } from "./transcript-files.js";

/** The server that is connected to, and how. */
export interface ConnectTarget {
  readonly options: M2MClientOptions;
  /** Of AI-TCP only. */
  readonly aitcp?: AiTcpTarget;
}

export interface AiTcpTarget {
  /** As files of known peers have it. */
  readonly address: string;
  readonly credentials: AiTcpCredentials;
  readonly trust: WatchedTrust;
  /** Of the last connection that came about. */
  session: AiTcpSession | undefined;
  /** Told of the line, once somebody listens. */
  onLine: ((event: LineEvent) => void) | undefined;
}

/** What becomes of a connection. */
export type LineEvent =
  /** It is lost, and made again. */
  | { readonly event: "interrupted"; readonly cause?: Error }
  /** The session goes on over another one. */
  | { readonly event: "resumed" }
  /** The server could not go on with the session: another one has begun. */
  | { readonly event: "restarted" };

/** Trust that remembers whom it did not give, so that a person can be told what to do. */
export class WatchedTrust extends TrustPolicy {
  /** The public identity of the last one. */
  refused: Uint8Array | undefined;

  override decide(...asked: Parameters<TrustPolicy["decide"]>): TrustDecision {
    const decision = super.decide(...asked);
    if (!decision.trusted) this.refused = Uint8Array.from(asked[0]);
    return decision;
  }
}

/**
 * What the flags, the settings and the files of `m2m connect` come to.
 * @throws {InputError} `M2M_USAGE`, `M2M_FILE_READ`, `M2M_KEY_INVALID`, `M2M_KEY_REQUIRED`
 */
export async function openTarget(
  context: CommandContext,
  url: string,
  flags: ConnectFlags,
): Promise<ConnectTarget> {
  const config = await context.config();
  const codec = { quality: config.get("compression.quality"), level: config.get("compression.level") };
  const token = flags.token ?? (context.env.M2M_TOKEN || undefined);
  const options: M2MClientOptions = {
    url,
    codec,
    token,
    channel: flags.channel,
    ...offering(flags.algorithm),
  };
  if (!/^aitcp:/i.test(url)) {
    assertNoAiTcpFlags(flags);
    return { options };
  }
  noteLeftAlone(context, config, ["aitcp"], "does not say who this side is, and whom it trusts");
  const onBroken = ({ message }: M2MError): void =>
    context.note(`m2m: ${printable(message)} The identities that were in the file before are still trusted.`);
  const credentials = loadCredentials(context, config, flags, { onBroken });
  const trust = new WatchedTrust({
    ...credentials.trust,
    anyone: flags["trust-anyone"],
    trustOnFirstUse: flags["trust-on-first-use"],
  });
  const aitcp: AiTcpTarget = {
    address: formatAddress(parseAiTcpAddress(url)),
    credentials,
    trust,
    session: undefined,
    onLine: undefined,
  };
  const client: AiTcpClientOptions = {
    identity: credentials.identity,
    certificate: credentials.certificate,
    trust,
    onSession: (session) => {
      if (aitcp.session) aitcp.onLine?.({ event: "restarted" });
      aitcp.session = session;
    },
    onState: (state, cause) =>
      aitcp.onLine?.(state === "open" ? { event: "resumed" } : { event: "interrupted", cause }),
    ...(flags.transcript !== undefined && {
      openTranscript: new TranscriptFiles(context, resolve(context.cwd, flags.transcript)).open,
    }),
  };
  return { options: { ...options, token: undefined, aitcp: client }, aitcp };
}

/** The offer of an algorithm that not all published peers know, beside those that they do. */
function offering(
  algorithm: AlgorithmName | undefined,
): Pick<M2MClientOptions, "capabilities" | "dictionary"> {
  const known = defaultAlgorithms();
  if (algorithm === undefined || algorithm === "dictionary" || known.includes(algorithm)) return {};
  return { capabilities: { compression: { algorithms: [...known, algorithm] } }, dictionary: true };
}

/** What would be left out of account in silence. */
function assertNoAiTcpFlags(flags: ConnectFlags): void {
  const names = [
    "identity",
    "trust",
    "trust-anyone",
    "trust-on-first-use",
    "transcript",
    "certificate",
  ] as const;
  const given = names.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw new InputError("M2M_USAGE", `--${given} is for addresses that begin with aitcp:.`);
}
