import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { InputError } from "../shared/errors.js";

/** More would be a slip. */
const MAX_HOPS = 16;

/**
 * The reverse proxies that stand before a server, whose word for the address of a client is taken. `X-Forwarded-For` is read, and
 * only if there is none `Forwarded` (RFC 7239): a proxy that writes the second has to take the first away.
 */
export class TrustedProxies {
  readonly #isTrusted: (address: string, hop: number) => boolean;

  private constructor(isTrusted: (address: string, hop: number) => boolean) {
    this.#isTrusted = isTrusted;
  }

  /**
   * @param text how many proxies there are, one behind the other, or their addresses and networks: `1`, `10.0.0.0/8,fd00::/8`
   * @param name what messages call it, such as `--trust-proxy`
   * @throws {InputError} `M2M_USAGE`
   */
  static parse(text: string, name: string): TrustedProxies {
    if (/^\d+$/.test(text.trim())) {
      const hops = Number(text);
      if (hops >= 1 && hops <= MAX_HOPS) return new TrustedProxies((_address, hop) => hop < hops);
      throw bad(name);
    }
    const list = new BlockList();
    for (const word of text.split(",")) addNetwork(list, word.trim(), name);
    return new TrustedProxies((address) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"));
  }

  /** The address of the client: the nearest on the way here that is no trusted proxy, as far as there are addresses. */
  addressOf({ headers, socket }: IncomingMessage): string | undefined {
    let address = socket.remoteAddress;
    if (address === undefined) return undefined;
    const forwarded = headers["x-forwarded-for"] ?? forwardedFor(headers.forwarded);
    // What is nearest to us was written last.
    const way = [forwarded ?? ""].flat().join(",").split(",").reverse();
    for (const [hop, word] of way.entries()) {
      if (!this.#isTrusted(plain(address), hop)) break;
      const next = addressIn(word);
      if (next === undefined) break;
      address = next;
    }
    return address;
  }
}

function addNetwork(list: BlockList, word: string, name: string): void {
  const [address, prefix, ...more] = word.split("/");
  const version = isIP(address);
  const bits = version === 6 ? 128 : 32;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (version === 0 || more.length > 0 || !isPrefix) throw bad(name);
  list.addSubnet(address, prefix === undefined ? bits : Number(prefix), version === 6 ? "ipv6" : "ipv4");
}

/** The values of `for` in a `Forwarded` header, with commas. */
function forwardedFor(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const found = header.matchAll(/(?:^|[;,])\s*for=(?:"([^"]*)"|([^;,\s]*))/gi);
  return [...found].map(([, quoted, bare]) => quoted ?? bare).join(",");
}

/** The address in an element, which may have a port; `undefined` of a name that hides one, or of none. */
function addressIn(word: string): string | undefined {
  const text = word.trim();
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare;
}

/** An IPv4 address that is written as one of IPv6, as dual sockets do, is that of IPv4. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function bad(name: string): InputError {
  return new InputError(
    "M2M_USAGE",
    `${name} takes a number of proxies from 1 to ${MAX_HOPS}, or their addresses.`,
    {
      hint: "Such as 1, or 10.0.0.0/8,192.168.1.1.",
    },
  );
}
