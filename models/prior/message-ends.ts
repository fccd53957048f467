import { END_VALUES, EndCoder } from "../../src/codec/context/binarisation/end-coder.js";
import { ByteContexts } from "../../src/codec/context/modelling/byte-contexts.js";
import type { Message } from "./corpus.js";

/** How often messages end where they may, in 65536ths. */
export function learnEnds(messages: readonly Message[]): Uint16Array {
  const ended = new Float64Array(END_VALUES).fill(0.5);
  const total = new Float64Array(END_VALUES).fill(1);
  const contexts = new ByteContexts();
  const ends = new EndCoder(new Uint16Array(END_VALUES));
  for (const { bytes, exact } of messages) {
    if (!exact) continue;
    contexts.reset();
    ends.reset();
    bytes.forEach((byte, i) => {
      contexts.append(byte);
      if (!contexts.mayEnd) return;
      total[ends.place(contexts)]++;
      if (i === bytes.length - 1) ended[ends.place(contexts)]++;
      ends.pass();
    });
  }
  return Uint16Array.from(ended, (count, i) =>
    Math.max(64, Math.min(65472, Math.round((65536 * count) / total[i]))),
  );
}
