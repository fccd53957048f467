import { once } from "node:events";
import { request, type Agent, type IncomingMessage } from "node:http";

/** How an exchange ended for the client. Only `hung` is none at all. */
export type Ending =
  /** An answer with all that belongs to it. */
  | { readonly kind: "whole"; readonly status: number }
  /** An error status, with an error in the provider's shape. */
  | { readonly kind: "refused"; readonly status: number }
  /** A stream that ends with an error event. */
  | { readonly kind: "told" }
  /** The connection ended in the middle of an answer. */
  | { readonly kind: "cut" }
  /** An answer that ended in good order, but is no JSON or lacks the end of its stream. */
  | { readonly kind: "garbled" }
  /** The connection ended before an answer, or there was none. */
  | { readonly kind: "unreachable"; readonly code: string }
  | { readonly kind: "hung" };

export interface Question {
  readonly stream?: boolean;
  readonly script?: string;
  readonly agent?: Agent;
  readonly timeoutMs?: number;
  /** Called when the head of the answer is there. */
  readonly onAnswer?: (answer: IncomingMessage) => void;
}

/** Asks for a chat completion and says how that ended; never throws. */
export async function ask(url: string, question: Question = {}): Promise<Ending> {
  const { stream = false, script, agent, timeoutMs = 10_000, onAnswer } = question;
  const outgoing = request(`${url}/v1/chat/completions`, {
    method: "POST",
    agent: agent ?? false,
    headers: {
      "content-type": "application/json",
      authorization: "Bearer sk-chaos",
      ...(script === undefined ? {} : { "x-script": script }),
    },
  });
  const hung = new AbortController();
  const timer = setTimeout(() => {
    hung.abort();
    outgoing.destroy();
  }, timeoutMs);
  outgoing.end(
    JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content: "Say hello." }] }),
  );
  try {
    const ending = await endingOf(outgoing, stream, onAnswer);
    return hung.signal.aborted ? { kind: "hung" } : ending;
  } catch (error) {
    return hung.signal.aborted
      ? { kind: "hung" }
      : { kind: "unreachable", code: (error as NodeJS.ErrnoException).code ?? String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function endingOf(
  outgoing: ReturnType<typeof request>,
  stream: boolean,
  onAnswer: Question["onAnswer"],
): Promise<Ending> {
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  onAnswer?.(answer);
  const status = answer.statusCode ?? 0;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch {
    return { kind: "cut" };
  }
  const text = Buffer.concat(chunks).toString();
  if (status >= 400) return isApiError(text) ? { kind: "refused", status } : { kind: "garbled" };
  if (!stream) return isJson(text) ? { kind: "whole", status } : { kind: "garbled" };
  const last = text.trimEnd().split("\n\n").at(-1) ?? "";
  if (last === "data: [DONE]") return { kind: "whole", status };
  return isApiError(last.replace(/^data: /u, "")) ? { kind: "told" } : { kind: "garbled" };
}

function isApiError(text: string): boolean {
  if (!isJson(text)) return false;
  const { error } = JSON.parse(text);
  return typeof error?.message === "string" && error.message !== "";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** How many endings there are of each kind. */
export function tally(endings: readonly Ending[]): Partial<Record<Ending["kind"], number>> {
  const counts: Partial<Record<Ending["kind"], number>> = {};
  for (const { kind } of endings) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
