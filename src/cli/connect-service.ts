import { setMaxListeners } from "node:events";
import { M2MClient } from "../client/index.js";
import { DEFAULT_LIMITS } from "../shared/limits.js";
import { explainConnection, explainLoss } from "./connect-errors.js";
import type { ConnectFlags } from "./connect-flags.js";
import { LineSender } from "./connect-lines.js";
import { ConnectReport } from "./connect-report.js";
import { openTarget, type ConnectTarget } from "./connect-settings.js";
import type { CommandContext } from "./context.js";
import { EXIT } from "./errors.js";
import { exitCodeOfSignal, onStopSignal } from "./interrupt.js";
import { openLineInput, type LineInput } from "./line-input.js";

/** How long the server may take to answer the end of the session. */
const CLOSE_MS = 2_000;

/** Why it ends before its time. */
class Stopped extends Error {
  readonly code: number;

  constructor(signal: NodeJS.Signals) {
    super("stopped");
    this.code = exitCodeOfSignal(signal);
  }
}

/**
 * Connects to a server, sends what stdin says and prints what is answered.
 * @returns the exit code
 * @throws {M2MError} what the settings and the session may
 */
export async function runConnect(context: CommandContext, url: string, flags: ConnectFlags): Promise<number> {
  const target = await openTarget(context, url, flags);
  const client = new M2MClient(target.options);
  const stopping = new AbortController();
  // Each line that waits for its answer listens.
  setMaxListeners(0, stopping.signal);
  let input: LineInput | undefined;
  const release = onSignal((signal) => {
    stopping.abort(new Stopped(signal));
    input?.close();
  });
  try {
    await client.connect({ signal: stopping.signal });
    input = openLineInput(context, DEFAULT_LIMITS.maxInputBytes);
    return await talk(context, { client, target, input, flags, signal: stopping.signal });
  } catch (error) {
    const { reason } = stopping.signal as { reason?: unknown };
    if (!(reason instanceof Stopped)) throw explainConnection(error, target.aitcp);
    // To be interrupted is how listening to a channel ends.
    return flags.channel !== undefined && client.sessionId !== undefined ? EXIT.OK : reason.code;
  } finally {
    input?.close();
    await closeClient(client);
    release();
  }
}

interface Talk {
  readonly client: M2MClient;
  readonly target: ConnectTarget;
  readonly input: LineInput;
  readonly flags: ConnectFlags;
  readonly signal: AbortSignal;
}

async function talk(
  context: CommandContext,
  { client, target, input, flags, signal }: Talk,
): Promise<number> {
  const report = new ConnectReport(context, input);
  await report.connected(client, target);
  if (target.aitcp) target.aitcp.onLine = (event) => void report.line(event).catch(() => {});
  const isChannel = flags.channel !== undefined;
  const { algorithm } = flags;
  // Who waits for the next line hears of nothing else.
  const onFailed = (): void => input.close();
  const sender = new LineSender({ client, report, isChannel, algorithm, signal, onFailed });
  try {
    const sending = sender.run(input.lines());
    if (!isChannel || flags["send-only"]) {
      const code = await sending;
      signal.throwIfAborted();
      await closeClient(client);
      await report.closed();
      return code;
    }
    const [code] = await Promise.all([sending, printReceived(client, report, signal)]);
    await report.closed();
    return code;
  } catch (error) {
    throw explainLoss(error, sender.unacknowledged);
  }
}

/** Until the server closes the session, or the signal says so. */
async function printReceived(client: M2MClient, report: ConnectReport, signal: AbortSignal): Promise<void> {
  for (;;) {
    const data = await client.receive({ signal });
    if (!data) return;
    await report.received(data);
  }
}

async function closeClient(client: M2MClient): Promise<void> {
  // It is over on this side whatever the server says.
  await client.close({ signal: AbortSignal.timeout(CLOSE_MS) }).catch(() => {});
}

/** @param onFirst is told of the first signal; a second one ends the process. @returns what takes the handlers away */
function onSignal(onFirst: (signal: NodeJS.Signals) => void): () => void {
  let isStopping = false;
  return onStopSignal((signal) => {
    if (isStopping) process.exit(exitCodeOfSignal(signal));
    isStopping = true;
    onFirst(signal);
  });
}
