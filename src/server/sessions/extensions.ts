import {
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  namedPriors,
  type CapabilityOptions,
  type HelloMessage,
} from "../../session/index.js";
import type { Peer } from "./types.js";

/**
 * What is offered to a peer because it asks for it. The priors of `dictionary` are named, and so loaded, only to who names some;
 * a side that was told which algorithms to offer keeps to them.
 */
export function answeringExtensions(
  hello: HelloMessage,
  { compression }: CapabilityOptions,
  { keepsHistory }: Peer,
): ReadonlyMap<string, string> {
  const asked = hello.capabilities?.extensions ?? new Map<string, string>();
  const isOffered = compression?.algorithms?.includes("dictionary") ?? true;
  if (namedPriors(asked).length === 0 || !isOffered) return new Map();
  const extensions = dictionaryExtensions();
  if (keepsHistory) extensions.set(HISTORY_EXTENSION, HISTORY_WINDOW);
  return extensions;
}
