import { BlockList, isIP, isIPv6 } from "node:net";

/** Whether `host`, a name or an address, is this machine alone: only its own processes can connect. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const version = isIP(bare);
  if (version === 0) return /^localhost\.?$/i.test(bare);
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return loopback.check(mapped, "ipv4");
  return loopback.check(bare, version === 4 ? "ipv4" : "ipv6");
}

/** Whether `host` is no one address, but all that this machine has. */
export function isAnyHost(host: string): boolean {
  return /^(0\.0\.0\.0|\[?(::|0(:0){7})\]?)$/.test(host);
}

/** A URL under which this machine reaches what listens on `host`; on all addresses, by the loopback one. */
export function urlOf(scheme: "http" | "https", host: string, port: number): string {
  const near = !isAnyHost(host) ? host : host.includes(":") ? "::1" : "127.0.0.1";
  return `${scheme}://${isIPv6(near) ? `[${near}]` : near}:${port}`;
}

/** Whether a page of `origin`, as browsers spell it, was served by this machine. */
export function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname);
}
