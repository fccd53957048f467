import type { Agents, Bob } from "./agents.js";
import { Proxy } from "./middle.js";

/** The place of a server that another one takes. */
export interface Switched {
  readonly proxy: Proxy;
  /** New connections go to this one. */
  turnTo(server: Bob): void;
}

/** @param first the server that connections go to until `turnTo` */
export async function switched(agents: Agents, first: Bob): Promise<Switched> {
  let target = first;
  const proxy = await Proxy.start(() => target.server.port);
  agents.onEnd(() => proxy.stop());
  return { proxy, turnTo: (server) => void (target = server) };
}
