import type { MessageCoder } from "../coders.js";
import type { Prior } from "../prior/prior.js";
import { ScriptCoder } from "../script-coder.js";
import { KernelCoder } from "./kernel-coder.js";
import { LINE_BITS, MAX_TEXT_BYTES } from "./layout.js";

/** The kernel where the platform runs it (WebAssembly with SIMD) and the prior fits it, else the TypeScript model. */
export function createCoder(prior: Prior): MessageCoder {
  if (prior.counters.lineBits !== LINE_BITS || prior.text.length > MAX_TEXT_BYTES)
    return new ScriptCoder(prior);
  try {
    return new KernelCoder(prior);
  } catch (error) {
    // No WebAssembly, or none by the page's policy.
    if (error instanceof RangeError) throw error;
    return new ScriptCoder(prior);
  }
}
