import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { InputError, IntegrityError } from "../../../shared/errors.js";
import { fileError, readSmallFile } from "../../../shared/files.js";
import { makeFolder } from "../../../shared/make-folder.js";
import { attemptWrite, ReplacementFile } from "../../../shared/replacement-file.js";
import { ChangingFile } from "./changing-file.js";
import { fingerprint, formatIdentity, isSameIdentity, parseIdentity } from "./public-identity.js";

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Stands for every address: a peer that is known by its identity alone, such as one that connects from anywhere. */
const ANY_ADDRESS = "*";

export interface KnownPeer {
  /** `host:port` in lower case, or `*`. */
  readonly address: string;
  readonly identity: Uint8Array;
  /** Its static X25519 key, once it is known: then its server is spoken to by the shorter handshake. */
  readonly staticKey?: Uint8Array;
  /** What a person calls it; may be empty. */
  readonly name: string;
  /** Its line in the file, from 1. */
  readonly line: number;
}

/** What a static key begins with. */
const STATIC_PREFIX = "x25519:";
/** Address and identity, and the static key that is to be replaced. */
const LINE_START = /^(\s*\S+\s+\S+)(?:\s+x25519:\S*)?/;

/** A file as it was read. */
interface ParsedPeers {
  readonly all: readonly KnownPeer[];
  readonly byAddress: ReadonlyMap<string, readonly KnownPeer[]>;
  /** Lines of `*`, by identity. */
  readonly anywhere: ReadonlyMap<string, KnownPeer>;
}

/**
 * A file of peers, as ssh's known_hosts: lines `host:port identity [x25519:key] [name]`, empty lines, and comments behind `#`. `*` is any
 * address, and that of peers that connect themselves. An address may have several lines: each of their identities is known. What a person writes into it holds at once: it is read
 * again when it has changed. One that is not there is empty.
 */
export class KnownPeers {
  readonly path: string;
  readonly #file: ChangingFile<ParsedPeers>;

  constructor(path: string) {
    this.path = path;
    this.#file = new ChangingFile(path, MAX_FILE_BYTES, (bytes) =>
      parsedPeers(bytes ? this.#parse(bytes) : []),
    );
  }

  /**
   * All lines.
   * @throws {InputError} `M2M_FILE_READ`; `M2M_KEY_INVALID` with the line of one that is malformed
   */
  list(): readonly KnownPeer[] {
    return this.#file.current().all;
  }

  /** The lines that hold for peers that connect themselves: those of `*`. @throws {InputError} as `list` */
  listAnywhere(): readonly KnownPeer[] {
    return [...this.#file.current().anywhere.values()];
  }

  /**
   * The line that knows this identity at this address.
   * @param address `host:port` of where one has connected to; nothing for a peer that has connected itself, which only a line of `*`
   *   knows: that somebody was met at an address does not let it in
   * @returns `undefined` if the file does not know the address, or without one the identity
   * @throws {IntegrityError} `M2M_PEER_CHANGED` if the file knows the address with other identities only
   * @throws {InputError} as `list`
   */
  find(identity: Uint8Array, address?: string): KnownPeer | undefined {
    const { byAddress, anywhere } = this.#file.current();
    if (address !== undefined) {
      const there = byAddress.get(address.toLowerCase());
      const found = there?.find((peer) => isSameIdentity(peer.identity, identity));
      if (found) return found;
      if (there) throw this.#changed(address, identity, there[0]);
    }
    return anywhere.get(formatIdentity(identity));
  }

  /**
   * Adds a line at the end, by one write; a new file can be read by its owner only.
   * @throws {InputError} `M2M_FILE_READ`, `M2M_FILE_WRITE`; `M2M_USAGE` for an address or name that does not fit in a line
   */
  add(address: string, identity: Uint8Array, name = ""): void {
    if (!/^[^\s#]+$/.test(address) || /[\n\r#]/.test(name)) {
      throw new InputError(
        "M2M_USAGE",
        `${JSON.stringify(address)} and its name do not fit in a line of known peers.`,
      );
    }
    const words = [address.toLowerCase(), formatIdentity(identity), name.trim()];
    attemptWrite(this.path, () => {
      makeFolder(dirname(this.path), 0o700);
      const isCut = existsSync(this.path) && /[^\n]$/.test(readFileSync(this.path, "latin1"));
      const line = `${isCut ? "\n" : ""}${words.join(" ").trim()}\n`;
      appendFileSync(this.path, line, { mode: 0o600 });
    });
  }

  /** The static key of the server at an address, if a line has it. @throws {InputError} as `list` */
  findStatic(address: string): Uint8Array | undefined {
    const there = this.#file.current().byAddress.get(address.toLowerCase());
    return there?.find(({ staticKey }) => staticKey !== undefined)?.staticKey;
  }

  /**
   * Notes the static key of a peer in its line, which stays as it is otherwise. Without such a line, nothing: a static key gives no trust.
   * @param staticKey as the identity has proven it in a handshake
   * @throws {InputError} as `list`; `M2M_FILE_WRITE`, also if somebody else writes at the same time
   */
  noteStatic(address: string, identity: Uint8Array, staticKey: Uint8Array): void {
    const there = this.#file.current().byAddress.get(address.toLowerCase());
    const known = there?.find((peer) => isSameIdentity(peer.identity, identity));
    if (!known || (known.staticKey && isSameIdentity(known.staticKey, staticKey))) return;
    const before = Buffer.from(readSmallFile(this.path, MAX_FILE_BYTES));
    const lines = before.toString("latin1").split("\n");
    const word = STATIC_PREFIX + Buffer.from(staticKey).toString("base64url");
    lines[known.line - 1] = lines[known.line - 1].replace(LINE_START, `$1 ${word}`);
    const assertFree = (): void => {
      if (!before.equals(readSmallFile(this.path, MAX_FILE_BYTES)))
        throw fileError("write", this.path, { code: "EBUSY" });
    };
    const file = new ReplacementFile(this.path, { mode: 0o600, assertFree });
    try {
      file.write(Buffer.from(lines.join("\n"), "latin1"));
      file.finish();
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  #parse(bytes: Uint8Array): KnownPeer[] {
    const text = Buffer.from(bytes).toString();
    const peers: KnownPeer[] = [];
    text.split("\n").forEach((content, index) => {
      const words = content.replace(/#.*$/, "").trim();
      if (words !== "") peers.push(this.#parseLine(words, index + 1));
    });
    return peers;
  }

  #parseLine(words: string, line: number): KnownPeer {
    const [, address, text, key, name] = /^(\S+)\s+(\S+)(?:\s+x25519:(\S*))?(?:\s+(.*))?$/.exec(words) ?? [];
    try {
      const staticKey = key === undefined ? undefined : parseIdentity(key);
      const known = { address: address.toLowerCase(), identity: parseIdentity(text), name: name ?? "", line };
      return staticKey ? { ...known, staticKey } : known;
    } catch (cause) {
      throw new InputError("M2M_KEY_INVALID", `Line ${line} of ${this.path} is malformed.`, {
        hint: "A line is host:port, an identity, and perhaps x25519: with a static key, and a name.",
        line,
        cause,
      });
    }
  }

  #changed(address: string, identity: Uint8Array, known: KnownPeer): IntegrityError {
    return new IntegrityError(
      "M2M_PEER_CHANGED",
      `${address} has the identity ${formatIdentity(identity)} (${fingerprint(identity)}), but line ${known.line} of ` +
        `${this.path} knows it as ${formatIdentity(known.identity)} (${fingerprint(known.identity)}).`,
      {
        hint: "Somebody may be in between. If its owner confirms the new identity, replace that line.",
        line: known.line,
      },
    );
  }
}

function parsedPeers(all: readonly KnownPeer[]): ParsedPeers {
  const byAddress = new Map<string, KnownPeer[]>();
  const anywhere = new Map<string, KnownPeer>();
  for (const peer of all) {
    const there = byAddress.get(peer.address);
    if (there) there.push(peer);
    else byAddress.set(peer.address, [peer]);
    const name = formatIdentity(peer.identity);
    if (peer.address === ANY_ADDRESS && !anywhere.has(name)) anywhere.set(name, peer);
  }
  return { all, byAddress, anywhere };
}
