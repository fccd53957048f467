import type { Dispatcher } from "undici";
import { headerValue } from "./headers.js";
import type { ResponseRelay } from "./relay/relay.js";
import type { Upstream } from "./upstream/upstream.js";

/** The head of an upstream's answer. */
export interface UpstreamHead {
  readonly status: number;
  /** Name, value, name, value. */
  readonly rawHeaders: readonly (Buffer | string)[];
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
}

/** What an attempt tells of itself. */
export interface AttemptOwner {
  /** The request is being written. */
  onSent(attempt: Attempt): void;
  /**
   * The head has come. @returns what takes the body; a promise of it, until which no more is read; `undefined` if another try is made
   */
  onHead(
    attempt: Attempt,
    head: UpstreamHead,
  ): ResponseRelay | Promise<ResponseRelay | undefined> | undefined;
  /** It failed before its head came. */
  onFailure(attempt: Attempt, error: Error): void;
  /** The whole of its answer was given to the relay, or the relay was told of a failure. */
  onEnd(attempt: Attempt, error?: Error): void;
}

/** Bytes of an answer that nobody wants which are read so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/** One request to one upstream. Time that is spent in the handlers is added up: it is the proxy's. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly upstream: Upstream;
  readonly #owner: AttemptOwner;
  #controller: Dispatcher.DispatchController | undefined;
  #relay: ResponseRelay | undefined;
  #headCame = false;
  #discarding = false;
  #discardedBytes = 0;
  #cancelled = false;
  /** What came while the relay was waited for. */
  #held: (() => void)[] | undefined;
  receivedBytes = 0;
  busyMs = 0;

  constructor(upstream: Upstream, owner: AttemptOwner) {
    this.upstream = upstream;
    this.#owner = owner;
  }

  /** Whether anything can have been sent. */
  get wasSent(): boolean {
    return this.#controller !== undefined;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    // While the relay is waited for, it is the wait that ends the pause.
    if (!this.#held) this.#controller?.resume();
  }

  /** Ends the connection; nothing is told after that. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#controller?.abort(new Error("The exchange has ended."));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(new Error("The exchange has ended."));
    else this.#owner.onSent(this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Interim answers (RFC 9110 section 15.2) are between this proxy and the upstream.
    if (status < 200 || this.#cancelled) return;
    const startedMs = performance.now();
    this.#headCame = true;
    const rawHeaders = (controller.rawHeaders ?? []) as readonly (Buffer | string)[];
    const found = this.#owner.onHead(this, {
      status,
      rawHeaders,
      header: (name) => headerValue(rawHeaders, name),
    });
    if (found instanceof Promise) {
      this.#held = [];
      controller.pause();
      found.then(
        (relay) => this.#go(relay),
        (error: Error) => this.#stop(error),
      );
    } else this.#take(found);
    this.busyMs += performance.now() - startedMs;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#cancelled) return;
    if (this.#held) {
      this.#held.push(() => this.onResponseData(controller, chunk));
      return;
    }
    this.receivedBytes += chunk.length;
    if (this.#discarding) {
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes > MAX_DISCARDED_BYTES) this.cancel();
      return;
    }
    const startedMs = performance.now();
    try {
      this.#relay?.data(chunk);
    } catch (error) {
      this.#stop(error as Error);
    }
    this.busyMs += performance.now() - startedMs;
  }

  onResponseEnd(): void {
    if (this.#cancelled || this.#discarding) return;
    if (this.#held) {
      this.#held.push(() => this.onResponseEnd());
      return;
    }
    const startedMs = performance.now();
    try {
      this.#relay?.end();
    } catch (error) {
      this.#stop(error as Error);
      return;
    }
    this.busyMs += performance.now() - startedMs;
    this.#owner.onEnd(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#cancelled || this.#discarding) return;
    if (this.#held) this.#held.push(() => this.#fail(error));
    else this.#fail(error);
  }

  /** Something here went wrong with the answer: the upstream is left, and the client told. */
  #stop(error: Error): void {
    this.#held = undefined;
    const wasCancelled = this.#cancelled;
    this.cancel();
    if (!wasCancelled) this.#fail(error);
  }

  #fail(error: Error): void {
    if (!this.#headCame || !this.#relay) {
      this.#owner.onFailure(this, error);
      return;
    }
    this.#relay.fail(error);
    this.#owner.onEnd(this, error);
  }

  #take(relay: ResponseRelay | undefined): void {
    this.#relay = relay;
    this.#discarding = relay === undefined;
  }

  #go(relay: ResponseRelay | undefined): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#cancelled) return;
    this.#take(relay);
    for (const step of held) step();
    this.#controller?.resume();
  }
}
