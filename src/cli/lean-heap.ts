import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * Most bytes of a half of the young heap. What a hundred requests hold while they wait for an upstream fits in twice; in less, a
 * collection finds nearly everything alive, and moves it to the old heap, where it soon is garbage.
 */
const MAX_YOUNG_BYTES = 4 * 1024 * 1024;

/** A start is over by then. In its long turns the young heap could grow twice before anybody looks. */
const START_MS = 1000;

/**
 * Keeps the heap of a process that serves for long small: V8 would let what is young grow to 48 MiB, and what is old to four times what
 * is in use, before it collects. Requests leave little behind, so that more collections cost little
 * (docs/benchmarks/proxy.md). V8 reads both settings each time it sizes a heap, so they may be set in a running process.
 */
export function keepHeapLean(): void {
  setFlagsFromString("--heap-growing-percent=20");
  setFlagsFromString("--semi-space-growth-factor=1");
  setTimeout(growYoungHeap, START_MS).unref();
}

/** Lets the young heap grow, and again if V8 shrinks it. A limit of its size V8 takes only when it starts. */
function growYoungHeap(): void {
  let factor = 1;
  const adjust = (): void => {
    const wanted = youngBytes() * 2 > MAX_YOUNG_BYTES ? 1 : 2;
    if (wanted === factor) return;
    factor = wanted;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  };
  new PerformanceObserver(adjust).observe({ entryTypes: ["gc"] });
  adjust();
}

/** Bytes that one half of the young heap takes before it is collected, a little less than V8 reckons with. */
function youngBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return space ? space.space_used_size + space.space_available_size : Infinity;
}
