import { FormatError, M2MError } from "../../../shared/errors.js";
import { readRecord, type RecordContent } from "../frames/index.js";
import type { CreateHash, Role, SignatureMode, Verify } from "./parties.js";
import {
  invalidTranscript,
  type OpeningBlock,
  type TranscriptBlock,
  type TurnBlock,
} from "./transcript-blocks.js";
import { TranscriptReader } from "./transcript-reader.js";
import type { TranscriptFailure, TranscriptMessage, TranscriptReport } from "./transcript-report.js";
import { TranscriptSide } from "./transcript-side.js";
import { TurnVerifier } from "./turn-verifier.js";

export interface VerifyTranscriptOptions {
  readonly verify: Verify;
  readonly createHash: CreateHash;
  /** Told of each message. It must not throw. */
  readonly onMessage?: (message: TranscriptMessage) => void;
  /** Messages have their content. */
  readonly keepsContent?: boolean;
}

/** Connections of one transcript. */
const MAX_CONNECTIONS = 100_000;

/**
 * Verifies who has signed what in a transcript (docs/spec/aitcp.md, Transcript). A signature that does not verify ends it, and is in the
 * report; so does an end that is missing, before which everything counts.
 * @param source its bytes, in chunks of any size
 * @throws {FormatError} `M2M_TRANSCRIPT_INVALID` with the offset; {LimitError} `M2M_OUTPUT_TOO_LARGE`
 */
export async function verifyTranscript(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: VerifyTranscriptOptions,
): Promise<TranscriptReport> {
  const reader = new TranscriptReader();
  const verification = new TranscriptVerification(options);
  for await (const chunk of source) {
    for (const { block, offset } of reader.push(chunk)) {
      if (!verification.add(block, offset)) return verification.finish(false);
    }
  }
  const { hasBegun, pendingBytes } = reader;
  if (!hasBegun && pendingBytes === 0) {
    throw new FormatError("M2M_TRANSCRIPT_INVALID", "The transcript is empty.", { offset: 0 });
  }
  if (!hasBegun) throw invalidTranscript("an end before its beginning", pendingBytes);
  return verification.finish(pendingBytes > 0);
}

class TranscriptVerification {
  readonly #options: VerifyTranscriptOptions;
  readonly #sides: Record<Role, TranscriptSide>;
  readonly #hashes = new Set<string>();
  #verifiers: Record<Role, TurnVerifier> | undefined;
  #mode: SignatureMode = "none";
  #first: OpeningBlock | undefined;
  #state: TranscriptReport["state"] = "cut";
  #failure: TranscriptFailure | undefined;

  constructor(options: VerifyTranscriptOptions) {
    this.#options = options;
    const { createHash, keepsContent = false, onMessage } = options;
    this.#sides = {
      initiator: new TranscriptSide("initiator", createHash, keepsContent, onMessage),
      responder: new TranscriptSide("responder", createHash, keepsContent, onMessage),
    };
  }

  /** @returns whether it goes on */
  add(block: TranscriptBlock, offset: number): boolean {
    if (block.type === "opening") {
      this.#open(block, offset);
      return true;
    }
    const verifier = this.#verifiers;
    if (!verifier) throw invalidTranscript("a block outside a connection", offset);
    switch (block.type) {
      case "frames":
        this.#addFrames(block.role, block.frames, verifier[block.role], offset);
        return true;
      case "turn":
        return this.#endTurn(block, verifier[block.role], offset);
      case "end":
        this.#endConnection();
        this.#state = block.isClosed ? "closed" : "lost";
        return true;
    }
  }

  finish(isCut: boolean): TranscriptReport {
    this.#endConnection();
    const { initiator, responder } = this.#sides;
    return {
      ...(this.#first
        ? {
            parties: { initiator: this.#first.scope.initiator, responder: this.#first.scope.responder },
            startedMs: this.#first.timeMs,
          }
        : {}),
      connections: this.#hashes.size,
      state: this.#failure ? "failed" : isCut ? "cut" : this.#state,
      sides: { initiator: initiator.report, responder: responder.report },
      ...(this.#failure ? { failure: this.#failure } : {}),
    };
  }

  #open(block: OpeningBlock, offset: number): void {
    const { scope, mode } = block;
    this.#first ??= block;
    const { initiator, responder } = this.#first.scope;
    if (!isEqual(scope.initiator, initiator) || !isEqual(scope.responder, responder)) {
      throw invalidTranscript("a connection of other parties", offset);
    }
    // The same turns would verify again.
    const hash = scope.handshakeHash.join();
    if (this.#hashes.has(hash)) throw invalidTranscript("the same connection twice", offset);
    if (this.#hashes.size >= MAX_CONNECTIONS) throw invalidTranscript("too many connections", offset);
    this.#endConnection();
    this.#hashes.add(hash);
    const { verify, createHash } = this.#options;
    const verifierOf = (role: Role) => new TurnVerifier({ mode, scope, role, verify, createHash });
    this.#verifiers = { initiator: verifierOf("initiator"), responder: verifierOf("responder") };
    this.#mode = mode;
    this.#state = "cut";
    this.#sides.initiator.restart();
    this.#sides.responder.restart();
  }

  #addFrames(role: Role, bytes: Uint8Array, verifier: TurnVerifier, offset: number): void {
    const side = this.#sides[role];
    let content: RecordContent;
    try {
      content = readRecord(bytes);
      if (content.turnBytes !== bytes.length) throw invalidTranscript("frames that no turn has", offset);
      verifier.add(bytes, content.frames.filter((frame) => frame.type === "message" && frame.isLast).length);
    } catch (error) {
      if (!(error instanceof M2MError) || error.code === "M2M_TRANSCRIPT_INVALID") throw error;
      throw invalidTranscript("frames that are none", offset, error);
    }
    for (const frame of content.frames) side.add(frame, this.#hashes.size - 1, offset);
    if (this.#mode === "none") side.leaveUnsigned();
  }

  #endTurn({ role, turnEnd, signature }: TurnBlock, verifier: TurnVerifier, offset: number): boolean {
    try {
      verifier.end(turnEnd, signature);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      const connection = this.#hashes.size - 1;
      this.#failure = { offset, connection, by: role, turn: turnEnd.number, reason: error.message };
      return false;
    }
    this.#sides[role].sign(turnEnd.number, turnEnd.timeMs);
    return true;
  }

  #endConnection(): void {
    this.#verifiers = undefined;
    this.#sides.initiator.leaveUnsigned();
    this.#sides.responder.leaveUnsigned();
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
