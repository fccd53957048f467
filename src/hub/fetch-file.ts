import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../shared/backoff.js";
import { LimitError, UpstreamError } from "../shared/errors.js";
import { publicForm } from "./addresses.js";
import { corrupt, failed, statusFailure, TransientFailure } from "./failures.js";
import type { HttpAnswer, HttpClient } from "./http-client.js";
import { digestFile, type Digests, PartFile } from "./part-file.js";

/** How patient a download is. */
export interface Patience {
  /** A server that sends nothing for so long has failed. */
  readonly stallTimeoutMs: number;
  /** Tries in a row that bring nothing forward. */
  readonly maxTries: number;
  /** Wait before the second try; each further wait is twice as long. */
  readonly retryDelayMs: number;
  /** A server that asks to wait longer is not waited for, and no wait is longer. */
  readonly maxRetryAfterMs: number;
}

export const DEFAULT_PATIENCE: Patience = {
  stallTimeoutMs: 30_000,
  maxTries: 5,
  retryDelayMs: 1000,
  maxRetryAfterMs: 60_000,
};

/** A try that brought so much counts as progress. */
const PROGRESS_BYTES = 1024 ** 2;
/** How often a file may turn out to be another one than that which was begun. */
const MAX_RESTARTS = 3;

export interface FileRequest {
  readonly url: URL;
  /** Where the bytes are collected. */
  readonly partPath: string;
  readonly maxBytes: number;
  /** From a manifest. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  onProgress?(receivedBytes: number, totalBytes: number | undefined): Promise<void>;
  /** Before the work waits for the next try. */
  onRetry?(error: UpstreamError, waitMs: number): void;
}

export interface FetchedFile extends Digests {
  /** What vouches for the bytes; `undefined`: nobody has said what they should be. */
  readonly verifiedBy: "manifest" | "server" | undefined;
  /** Bytes that were there from an earlier try of another process. */
  readonly resumedBytes: number;
  /** Where the revision was (`X-Repo-Commit` of the hub). */
  readonly commit?: string;
}

/** What the manifest and the answer say of the whole file. */
interface Announced {
  readonly sizeBytes?: number;
  readonly sha256?: string;
  readonly gitSha1?: string;
  readonly etag?: string;
  readonly commit?: string;
}

/** What is on the disk is no beginning of what the server has. */
class Restart extends Error {}

/**
 * Fetches one file into its part, resumes what is there of it, and verifies size and hash.
 * @throws {UpstreamError} `M2M_DOWNLOAD_OFFLINE`, `M2M_DOWNLOAD_FAILED`, `M2M_DOWNLOAD_CORRUPT`
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE` if it has more than `maxBytes`
 * @throws {InputError} `M2M_FILE_WRITE`
 */
export async function fetchFile(
  client: HttpClient,
  request: FileRequest,
  patience: Patience,
): Promise<FetchedFile> {
  const part = new PartFile(request.partPath);
  const resumedBytes = isResumable(part, request) ? part.sizeBytes : 0;
  let restarted = 0;
  let arrived = false;
  try {
    for (let tries = 1; ; tries++) {
      const before = part.sizeBytes;
      try {
        const { announced, offset } = await receive(client, request, part);
        part.close();
        const digests = digestFile(part.path);
        const verifiedBy = verify(request, announced, digests, part, offset > 0);
        const resumed = restarted === 0 && offset >= resumedBytes ? resumedBytes : 0;
        return { ...digests, verifiedBy, commit: announced.commit, resumedBytes: resumed };
      } catch (error) {
        part.close();
        if (error instanceof Restart) {
          part.discard();
          if (++restarted > MAX_RESTARTS)
            throw corrupt(`${publicForm(request.url)} changes while it is fetched.`);
          tries = 0;
        } else if (error instanceof TransientFailure || isOutage(error, arrived)) {
          arrived ||= part.sizeBytes > before;
          if (part.sizeBytes - before >= PROGRESS_BYTES) tries = 1;
          await waitOrGiveUp(error, tries, patience, request);
        } else throw error;
      }
    }
  } finally {
    part.close();
  }
}

/** A network that was there a moment ago may be there again. */
function isOutage(error: unknown, arrived: boolean): error is UpstreamError {
  return arrived && error instanceof UpstreamError && error.code === "M2M_DOWNLOAD_OFFLINE";
}

async function waitOrGiveUp(
  failure: TransientFailure | UpstreamError,
  tries: number,
  patience: Patience,
  { onRetry }: FileRequest,
): Promise<void> {
  const isTransient = failure instanceof TransientFailure;
  const error = isTransient ? failure.error : failure;
  const asked = isTransient ? failure.retryAfterMs : undefined;
  if (tries >= patience.maxTries || (asked !== undefined && asked > patience.maxRetryAfterMs)) throw error;
  const { retryDelayMs: firstDelayMs, maxRetryAfterMs: maxDelayMs } = patience;
  const waitMs = Math.max(asked ?? 0, backoffMs(tries, { firstDelayMs, maxDelayMs }, Math.random()));
  onRetry?.(error, waitMs);
  await sleep(waitMs);
}

function isResumable(part: PartFile, { url, sha256 }: FileRequest): boolean {
  const facts = part.facts();
  if (part.sizeBytes === 0 || facts?.url !== publicForm(url)) return false;
  // Without a tag, the hash at the end tells whether both halves are of one file.
  return facts.sha256 !== undefined
    ? sha256 === undefined || facts.sha256 === sha256
    : facts.etag !== undefined;
}

/** One try: asks, and appends to the part. @returns what was announced, and where the server began to send */
async function receive(
  client: HttpClient,
  request: FileRequest,
  part: PartFile,
): Promise<{ announced: Announced; offset: number }> {
  const offset = isResumable(part, request) ? part.sizeBytes : 0;
  const facts = part.facts();
  const headers: Record<string, string> = {};
  if (offset > 0) {
    headers.range = `bytes=${offset}-`;
    if (facts?.etag !== undefined) headers["if-range"] = facts.etag;
  }
  const answer = await client.get(request.url, headers);
  try {
    if (answer.status === 416 && offset > 0) return completed(answer, request, part);
    if (answer.status !== 200 && !(answer.status === 206 && offset > 0))
      throw statusFailure(answer.status, answer.header, publicForm(answer.url), answer.sentToken);
    const announced = announce(answer, request, offset);
    if (answer.status === 206) {
      if (announced.etag !== facts?.etag || announced.sizeBytes !== facts?.sizeBytes) throw new Restart();
      if (facts?.sha256 !== undefined && announced.sha256 !== undefined && facts.sha256 !== announced.sha256)
        throw new Restart();
    } else {
      const { etag, sha256, sizeBytes } = announced;
      part.begin({ url: publicForm(request.url), etag, sha256, sizeBytes });
    }
    await collect(answer, request, announced, part);
    return { announced, offset: answer.status === 206 ? offset : 0 };
  } finally {
    answer.discard();
  }
}

/** Nothing is left to send: the part is whole, if the server's file is as long and somebody vouches for its bytes. */
function completed(
  answer: HttpAnswer,
  request: FileRequest,
  part: PartFile,
): { announced: Announced; offset: number } {
  const total = /^bytes \*\/(\d+)$/.exec(answer.header("content-range") ?? "")?.[1];
  const sha256 = request.sha256 ?? part.facts()?.sha256;
  if (Number(total) !== part.sizeBytes || sha256 === undefined) throw new Restart();
  const announced = { sizeBytes: part.sizeBytes, sha256, commit: commitOf(answer) };
  return { announced, offset: part.sizeBytes };
}

async function collect(
  answer: HttpAnswer,
  request: FileRequest,
  { sizeBytes }: Announced,
  part: PartFile,
): Promise<void> {
  for await (const chunk of answer.body) {
    const size = part.sizeBytes + chunk.length;
    if (sizeBytes !== undefined && size > sizeBytes) {
      part.discard();
      throw corrupt(`${publicForm(answer.url)} sends more than the ${sizeBytes} bytes that are announced.`);
    }
    if (size > request.maxBytes) {
      part.discard();
      throw tooLarge(request);
    }
    part.write(chunk);
    await request.onProgress?.(part.sizeBytes, sizeBytes);
  }
  if (sizeBytes !== undefined && part.sizeBytes < sizeBytes)
    throw new TransientFailure(
      failed(`${publicForm(answer.url)} ends after ${part.sizeBytes} of ${sizeBytes} bytes.`, {
        hint: "Run the command again: what has arrived is kept.",
      }),
    );
}

/** What is known of the whole file before its bytes arrive. Whoever contradicts another, or passes the limit, is refused. */
function announce(answer: HttpAnswer, request: FileRequest, offset: number): Announced {
  const place = publicForm(answer.url);
  const encoding = answer.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw failed(`${place} sends the file in the encoding ${encoding}, which was not asked for.`);
  const linkedTag = /^"?([0-9a-f]{64})"?$/.exec(answer.announced("x-linked-etag") ?? "")?.[1];
  // Of what is not large, the hub's tag is the name that git gives it.
  const hubTag =
    commitOf(answer) === undefined
      ? undefined
      : (answer.announced("x-linked-etag") ?? answer.announced("etag"));
  const sizes = [
    request.sizeBytes,
    byteCount(answer.announced("x-linked-size")),
    transferSize(answer, offset),
  ];
  const known = sizes.filter((size) => size !== undefined);
  if (new Set(known).size > 1)
    throw corrupt(`${place} has ${known.at(-1)} bytes, but ${known[0]} are announced.`);
  const [sizeBytes] = known;
  if (sizeBytes !== undefined && sizeBytes > request.maxBytes) throw tooLarge(request);
  const etag = answer.header("etag");
  return {
    sizeBytes,
    sha256: request.sha256 ?? linkedTag,
    gitSha1: /^(?:W\/)?"?([0-9a-f]{40})"?$/.exec(hubTag ?? "")?.[1],
    // A weak tag (W/"…") promises the same meaning, not the same bytes.
    etag: etag?.startsWith('"') ? etag : undefined,
    commit: commitOf(answer),
  };
}

/** The size of the whole file, by this answer. */
function transferSize(answer: HttpAnswer, offset: number): number | undefined {
  if (answer.status === 200) return byteCount(answer.header("content-length"));
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.header("content-range") ?? "");
  // A part that begins elsewhere is of no use.
  if (!range || Number(range[1]) !== offset) throw new Restart();
  return byteCount(range[3]);
}

function commitOf(answer: HttpAnswer): string | undefined {
  return /^[0-9a-f]{40}$/.exec(answer.announced("x-repo-commit") ?? "")?.[0];
}

function byteCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function verify(
  request: FileRequest,
  announced: Announced,
  digests: Digests,
  part: PartFile,
  resumed: boolean,
): FetchedFile["verifiedBy"] {
  const { sha256, gitSha1 } = announced;
  const matches =
    sha256 !== undefined ? sha256 === digests.sha256 : gitSha1 === undefined || gitSha1 === digests.gitSha1;
  if (!matches) {
    // Two halves of different files: as a whole it may still be right.
    if (resumed) throw new Restart();
    part.discard();
    const [expected, found] = sha256 !== undefined ? [sha256, digests.sha256] : [gitSha1, digests.gitSha1];
    throw corrupt(`${publicForm(request.url)} arrived with the hash ${found}; announced is ${expected}.`);
  }
  if (request.sha256 !== undefined) return "manifest";
  return sha256 !== undefined || gitSha1 !== undefined ? "server" : undefined;
}

function tooLarge({ url, maxBytes }: FileRequest): LimitError {
  return new LimitError("M2M_INPUT_TOO_LARGE", `${publicForm(url)} has more than ${maxBytes} bytes.`, {
    hint: "A file of a model is not so large: check the address.",
  });
}
