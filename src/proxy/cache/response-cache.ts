import { InputError } from "../../shared/errors.js";
import type { ResponseCacheStore } from "../../shared/stores.js";
import { readEntry, writeEntry, type CachedResponse } from "./entry.js";

export interface ResponseCacheOptions {
  readonly store: ResponseCacheStore;
  /** Milliseconds that an answer is given again. */
  readonly ttlMs: number;
  /** Most bytes of a body that is kept. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Most milliseconds that a request waits for the answer to an equal one that is on its way. Default 30,000. */
  readonly maxWaitMs?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** An answer of the cache: of the store, or (`shared`) of an equal request that was on its way. */
export interface CacheHit {
  readonly kind: "hit";
  readonly response: CachedResponse;
  readonly shared: boolean;
  readonly ageMs: number;
}

/**
 * There is none: the provider is to be asked. Exactly one of the methods is to be called when its answer is there, or will not be; only an
 * answer whose client left while it was judged is kept behind `abandon`.
 */
export interface CacheMiss {
  readonly kind: "miss";
  /** Keeps a whole answer, and gives it to those that wait. Does not reject. */
  keep(response: Omit<CachedResponse, "storedAtMs">): Promise<void>;
  /**
   * The answer is none to be kept, and those that wait ask for themselves; or, `hasLeft`, the client has gone before there was one: then one of
   * them asks for the others.
   */
  abandon(options?: { readonly hasLeft?: boolean }): void;
}

export type CacheLookup = CacheHit | CacheMiss;

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;
const DEFAULT_MAX_WAIT_MS = 30_000;

/** Who asked has gone. */
const LEFT = Symbol("left");
/** `undefined` if nothing to be kept comes of it. */
type Landed = CachedResponse | typeof LEFT | undefined;

/** An answer that is on its way. */
interface Flight {
  /** Never rejects. */
  readonly answer: Promise<Landed>;
  readonly land: (landed: Landed) => void;
}

/** Answers of equal requests, asked for once: whoever comes while the first is on its way waits for it. What fails is a miss. */
export class ResponseCache {
  readonly #options: Required<ResponseCacheOptions>;
  readonly #flights = new Map<string, Flight>();

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: ResponseCacheOptions) {
    const {
      maxBodyBytes = DEFAULT_MAX_BODY_BYTES,
      maxWaitMs = DEFAULT_MAX_WAIT_MS,
      nowMs = Date.now,
    } = options;
    if (!(options.ttlMs > 0)) throw new InputError("M2M_USAGE", "The time that answers are kept is above 0.");
    this.#options = { ...options, maxBodyBytes, maxWaitMs, nowMs };
  }

  /**
   * The answer to a request, or the right to keep it. Does not reject.
   * @param key of `cacheKeyOf`
   * @param reads false: what is kept is not asked for, only replaced
   */
  async lookUp(key: string, { reads = true }: { readonly reads?: boolean } = {}): Promise<CacheLookup> {
    if (!reads) return this.#missOf(key, this.#takeOff(key));
    let running = this.#flights.get(key);
    while (running) {
      const landed = await within(running.answer, this.#options.maxWaitMs);
      // Those that wait in vain do not queue up behind one another: what failed once may well fail again.
      if (landed === undefined) return this.#missOf(key, this.#takeOff(key));
      if (landed !== LEFT) return this.#hitOf(landed, true);
      // It says nothing of the answer: one of those that waited asks for it, and the others go on waiting.
      running = this.#flights.get(key);
    }
    // Before the store is asked, so that those that come meanwhile wait too.
    const flight = this.#takeOff(key);
    const found = await this.#read(key);
    if (!found) return this.#missOf(key, flight);
    flight.land(found);
    this.#clear(key, flight);
    return this.#hitOf(found, false);
  }

  /** Others wait for the first of its key only. */
  #takeOff(key: string): Flight {
    let land: Flight["land"] = () => {};
    const answer = new Promise<Landed>((resolve) => {
      land = resolve;
    });
    const flight = { answer, land };
    if (!this.#flights.has(key)) this.#flights.set(key, flight);
    return flight;
  }

  #clear(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #hitOf(response: CachedResponse, shared: boolean): CacheHit {
    return { kind: "hit", response, shared, ageMs: this.#ageOf(response) };
  }

  #missOf(key: string, flight: Flight): CacheMiss {
    const abandon = ({ hasLeft = false } = {}): void => {
      flight.land(hasLeft ? LEFT : undefined);
      this.#clear(key, flight);
    };
    const keep = async (response: Omit<CachedResponse, "storedAtMs">): Promise<void> => {
      const { store, ttlMs, maxBodyBytes, nowMs } = this.#options;
      if (response.body.byteLength > maxBodyBytes) return abandon();
      const kept = { ...response, storedAtMs: nowMs() };
      flight.land(kept);
      await store.set(key, writeEntry(kept), ttlMs).catch(() => {});
      // Not before the store has it: who comes meanwhile is given this one.
      this.#clear(key, flight);
    };
    return { kind: "miss", keep, abandon };
  }

  async #read(key: string): Promise<CachedResponse | undefined> {
    const bytes = await this.#options.store.get(key).catch(() => undefined);
    const response = bytes && readEntry(bytes);
    return response && this.#ageOf(response) < this.#options.ttlMs ? response : undefined;
  }

  /** Clocks of processes differ: nothing is younger than now. */
  #ageOf(response: CachedResponse): number {
    return Math.max(0, this.#options.nowMs() - response.storedAtMs);
  }
}

/** What a promise gives, or `undefined` if that takes too long. */
async function within<T>(promise: Promise<T>, maxWaitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
