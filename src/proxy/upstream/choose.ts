import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import type { Upstream } from "./upstream.js";

/**
 * @param model `undefined` if the request names none
 * @throws {InputError} `M2M_MODEL_NOT_SERVED` if no upstream is set up for it, whatever state they are in
 */
export function assertServed(upstreams: readonly Upstream[], model: string | undefined): void {
  if (upstreams.some((one) => one.serves(model))) return;
  throw new InputError(
    "M2M_MODEL_NOT_SERVED",
    model === undefined
      ? "The request names no model, and no upstream takes those."
      : `No upstream serves the model ${quote(model)}.`,
  );
}

/**
 * The upstream for the next try: of those that serve `model` and were not tried, one that is in order, by weight; those that name
 * the model before those that take all, those of weight 0 behind them.
 * @param random from 0 up to 1
 * @returns `undefined` if none is left; its breaker is entered otherwise
 */
export function chooseUpstream(
  upstreams: readonly Upstream[],
  model: string | undefined,
  tried: ReadonlySet<Upstream>,
  nowMs: number,
  random: number,
): Upstream | undefined {
  // The common case, without lists.
  if (upstreams.length === 1) {
    const [only] = upstreams;
    return !tried.has(only) && only.serves(model) && only.breaker.enter(nowMs) ? only : undefined;
  }
  const left = upstreams.filter((one) => !tried.has(one) && one.serves(model));
  const ready = left.filter(({ breaker }) => breaker.state(nowMs) !== "open");
  const tiers = [
    ready.filter((one) => one.isChoosy && one.weight > 0),
    ready.filter((one) => !one.isChoosy && one.weight > 0),
    ready.filter((one) => one.weight === 0),
  ];
  for (const tier of tiers) {
    const chosen = byWeight(tier, random);
    if (chosen?.breaker.enter(nowMs)) return chosen;
  }
  return undefined;
}

function byWeight(upstreams: readonly Upstream[], random: number): Upstream | undefined {
  const total = upstreams.reduce((sum, { weight }) => sum + weight, 0);
  let at = random * total;
  for (const upstream of upstreams) {
    at -= upstream.weight;
    if (at < 0) return upstream;
  }
  return upstreams.at(-1);
}
