import type { M2MClient } from "../client/index.js";
import type { ReceivedData } from "../session/index.js";
import type { M2MError } from "../shared/errors.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import { fingerprint, formatIdentity } from "../transport/index.js";
import type { ConnectTarget, LineEvent } from "./connect-settings.js";
import type { CommandContext } from "./context.js";
import { formatError, toErrorJson } from "./errors.js";
import type { LineInput } from "./line-input.js";
import { writeStderr, writeStdout } from "./stdio.js";
import { printable } from "./terminal.js";

/** What `m2m connect` says: contents as lines, or with `--json` all that happens as one object a line. */
export class ConnectReport {
  readonly #context: CommandContext;
  readonly #input: LineInput;

  constructor(context: CommandContext, input: LineInput) {
    this.#context = context;
    this.#input = input;
  }

  async connected(client: M2MClient, { options, aitcp }: ConnectTarget): Promise<void> {
    const own = aitcp && formatIdentity(aitcp.credentials.identity.publicKey);
    const key = aitcp?.session?.peer.identity;
    const peer = key && { identity: formatIdentity(key), fingerprint: fingerprint(key) };
    const { channel } = options;
    if (this.#context.json) {
      const algorithms = client.agreed?.algorithms;
      await this.#event("connected", {
        version: 1,
        url: String(options.url),
        channel,
        identity: own,
        peer,
        algorithms,
      });
      return;
    }
    const who = peer ? `, who is ${peer.identity} (${peer.fingerprint})` : "";
    const where = channel === undefined ? "" : `, in the channel ${printable(channel)}`;
    this.#context.note(`Connected to ${printable(String(options.url))}${who}${where}.`);
    if (own !== undefined) this.#context.note(`This side is ${own}.`);
  }

  /** @param line that it answers, if it answers one */
  async received({ bytes }: ReceivedData, line?: number): Promise<void> {
    const { json, terminal } = this.#context;
    // What is no text comes as it was sent, but for a terminal.
    const text = tryDecodeUtf8(bytes);
    if (json) {
      return this.#event("received", {
        line,
        ...(text === undefined ? { base64: Buffer.from(bytes).toString("base64") } : { text }),
      });
    }
    const shown = (): string => printable(text ?? Buffer.from(bytes).toString());
    await this.#input.aside(() =>
      writeStdout(terminal.stdoutIsTerminal ? `${shown()}\n` : Buffer.concat([bytes, LINE_FEED])),
    );
  }

  /** The line has reached all members of the channel. */
  async sent(line: number): Promise<void> {
    if (this.#context.json) await this.#event("sent", { line });
  }

  /** The line was refused; the others go on. */
  async refused(error: M2MError, line: number): Promise<void> {
    const { json, verbose } = this.#context;
    if (json) await this.#event("refused", { line, error: toErrorJson(error) });
    if (json && !verbose) return;
    await this.#input.aside(async () => writeStderr(formatError(error, { where: `line ${line}`, verbose })));
  }

  /** The connection was lost, or is there again. */
  async line({ event, ...about }: LineEvent): Promise<void> {
    if (this.#context.json) return this.#event(event, {});
    const why = "cause" in about && about.cause ? `: ${printable(about.cause.message)}` : ".";
    const said: Readonly<Record<LineEvent["event"], string>> = {
      interrupted: `The connection is lost${why} It is made again.`,
      resumed: "Connected again: the session goes on.",
      restarted:
        "Connected again, by another AI-TCP session: the server could not go on with the one before.",
    };
    await this.#input.aside(async () => this.#context.note(said[event]));
  }

  async closed(): Promise<void> {
    if (this.#context.json) await this.#event("closed", {});
  }

  async #event(event: string, about: object): Promise<void> {
    await this.#context.print(JSON.stringify({ event, ...about }));
  }
}

const LINE_FEED = Buffer.from("\n");
