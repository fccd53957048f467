import { setFlagsFromString } from "node:v8";

/**
 * Keeps the heap of a process that serves for long small: V8 would let what is young grow to 48 MiB, and what is old to four times what
 * is in use, before it collects. Requests leave little behind, so that more collections cost little
 * (docs/benchmarks/proxy.md). V8 reads both settings each time it sizes a heap, so they may be set in a running process.
 */
export function keepHeapLean(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=20");
}
