import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { InputError, IntegrityError } from "../../../shared/errors.js";
import { readSmallFile } from "../../../shared/files.js";
import { attemptWrite } from "../../../shared/replacement-file.js";
import { fingerprint, formatIdentity, isSameIdentity, parseIdentity } from "./public-identity.js";

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Stands for every address: a peer that is known by its identity alone, such as one that connects from anywhere. */
const ANY_ADDRESS = "*";

export interface KnownPeer {
  /** `host:port` in lower case, or `*`. */
  readonly address: string;
  readonly identity: Uint8Array;
  /** What a person calls it; may be empty. */
  readonly name: string;
  /** Its line in the file, from 1. */
  readonly line: number;
}

/**
 * A file of peers, as ssh's known_hosts: lines `host:port identity [name]`, empty lines, and comments behind `#`. `*` is any
 * address, and that of peers that connect themselves. An address may have several lines: each of their identities is known. The file is read each time, so that what a person
 * writes into it holds at once; one that is not there is empty.
 */
export class KnownPeers {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * All lines.
   * @throws {InputError} `M2M_FILE_READ`; `M2M_KEY_INVALID` with the line of one that is malformed
   */
  list(): KnownPeer[] {
    if (!existsSync(this.path)) return [];
    const text = Buffer.from(readSmallFile(this.path, MAX_FILE_BYTES)).toString();
    const peers: KnownPeer[] = [];
    text.split("\n").forEach((content, index) => {
      const words = content.replace(/#.*$/, "").trim();
      if (words !== "") peers.push(this.#parseLine(words, index + 1));
    });
    return peers;
  }

  /** The lines that hold for peers that connect themselves: those of `*`. @throws {InputError} as `list` */
  listAnywhere(): KnownPeer[] {
    return this.list().filter(({ address }) => address === ANY_ADDRESS);
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
    if (address === undefined) {
      return this.listAnywhere().find((peer) => isSameIdentity(peer.identity, identity));
    }
    const peers = this.list();
    const same = peers.filter((peer) => isSameIdentity(peer.identity, identity));
    const there = address.toLowerCase();
    const found = same.find((peer) => peer.address === there);
    if (found) return found;
    const other = peers.find((peer) => peer.address === there);
    if (other) throw this.#changed(address, identity, other);
    return same.find((peer) => peer.address === ANY_ADDRESS);
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
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      const isCut = existsSync(this.path) && /[^\n]$/.test(readFileSync(this.path, "latin1"));
      const line = `${isCut ? "\n" : ""}${words.join(" ").trim()}\n`;
      appendFileSync(this.path, line, { mode: 0o600 });
    });
  }

  #parseLine(words: string, line: number): KnownPeer {
    const [, address, text, name] = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(words) ?? [];
    try {
      return { address: address.toLowerCase(), identity: parseIdentity(text), name: name ?? "", line };
    } catch (cause) {
      throw new InputError("M2M_KEY_INVALID", `Line ${line} of ${this.path} is malformed.`, {
        hint: "A line is host:port, an identity, and perhaps a name.",
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
