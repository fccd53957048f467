import type { Ending } from "./ending.js";

/** Clients that ask one question after the other until they are stopped. */
export class Load {
  readonly endings: Ending[] = [];
  readonly #ask: (client: number) => Promise<Ending>;
  readonly #clients: Promise<void>[];
  #isStopped = false;
  #watchers: (() => void)[] = [];

  /** @param ask one question of a client, with how it ended */
  constructor(clientCount: number, ask: (client: number) => Promise<Ending>) {
    this.#ask = ask;
    this.#clients = Array.from({ length: clientCount }, (_, client) => this.#run(client));
  }

  /** Resolves once `count` exchanges ended as `wanted` says, from now on. */
  async until(count: number, wanted: (ending: Ending) => boolean): Promise<void> {
    const from = this.endings.length;
    while (this.endings.slice(from).filter(wanted).length < count)
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Lets each client end the exchange that it is in. @returns all endings */
  async stop(): Promise<readonly Ending[]> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    return this.endings;
  }

  async #run(client: number): Promise<void> {
    while (!this.#isStopped) {
      this.endings.push(await this.#ask(client));
      const watchers = this.#watchers;
      this.#watchers = [];
      for (const watch of watchers) watch();
      // A refused connection ends at once: the next is not worth an attempt before the event loop has turned.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
