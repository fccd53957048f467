import { compareMailboxIds, type Delivery } from "../session/index.js";

/** How long what was taken may wait to be acknowledged, in milliseconds. */
const ACKNOWLEDGE_MS = 100;

/** How far the client is in its mailbox. */
export class MailboxPlace {
  readonly #window: number;
  readonly #tell: () => void;
  /** Of what came last, and of what was taken last. */
  #seen: string | undefined;
  #taken: string | undefined;
  /** How many were taken since the server was told. */
  #unsaid = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param window most messages that the server may send ahead
   * @param tell is called when the server should hear what was taken
   */
  constructor(window: number, tell: () => void) {
    this.#window = window;
    this.#tell = tell;
  }

  get taken(): string | undefined {
    return this.#taken;
  }
  get hasUnsaid(): boolean {
    return this.#unsaid > 0;
  }

  /** Whether a message is new; one that came before a connection was cut may come again. */
  see(cursor: string): boolean {
    if (this.#seen !== undefined && compareMailboxIds(cursor, this.#seen) <= 0) return false;
    this.#seen = cursor;
    return true;
  }

  take(cursor: string): void {
    // One that cannot be read is taken before those that wait.
    if (this.#taken !== undefined && compareMailboxIds(cursor, this.#taken) <= 0) return;
    this.#taken = cursor;
    this.#unsaid++;
    if (this.#unsaid * 2 >= this.#window) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tellLater(), ACKNOWLEDGE_MS);
  }

  /** What is to be said of it, with any message. */
  say(): { readonly delivery: Delivery } {
    this.stop();
    this.#unsaid = 0;
    const cursor = this.#taken === undefined ? {} : { cursor: this.#taken };
    return { delivery: { ...cursor, window: this.#window } };
  }

  /** It is another mailbox. */
  restart(): void {
    this.stop();
    this.#seen = this.#taken = undefined;
    this.#unsaid = 0;
  }

  #tellLater(): void {
    this.#timer = undefined;
    this.#tell();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
