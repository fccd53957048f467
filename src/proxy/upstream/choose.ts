import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import type { Upstream } from "./upstream.js";

/** What decides where a request goes. */
export interface Route {
  /** `undefined` if it names none. */
  readonly model: string | undefined;
  /** Whether it is a call, which only an upstream that takes all models answers without a model. */
  readonly isCall: boolean;
}

/** Whether an upstream is set up for a request, whatever state it is in. */
export function isServedBy(upstream: Upstream, { model, isCall }: Route): boolean {
  return upstream.serves(model) || (model === undefined && !isCall);
}

/** @throws {InputError} `M2M_MODEL_NOT_SERVED` if no upstream is set up for it, whatever state they are in */
export function assertServed(upstreams: readonly Upstream[], route: Route): void {
  if (upstreams.some((one) => isServedBy(one, route))) return;
  throw new InputError(
    "M2M_MODEL_NOT_SERVED",
    route.model === undefined
      ? "The request names no model, and no upstream takes those."
      : `No upstream serves the model ${quote(route.model)}.`,
  );
}

/**
 * The upstream for the next try: of those that serve the model and were not tried, one that is in order, by weight; those that name
 * the model before those that take all, those of weight 0 behind them. What names no model goes by order in place of weight: what it speaks
 * of, a file or a batch, is with one upstream alone. Those that take all models come first then.
 * @param random from 0 up to 1
 * @returns `undefined` if none is left; its breaker is entered otherwise
 */
export function chooseUpstream(
  upstreams: readonly Upstream[],
  route: Route,
  tried: ReadonlySet<Upstream>,
  nowMs: number,
  random: number,
): Upstream | undefined {
  // The common case, without lists.
  if (upstreams.length === 1) {
    const [only] = upstreams;
    return !tried.has(only) && isServedBy(only, route) && only.breaker.enter(nowMs) ? only : undefined;
  }
  const left = upstreams.filter((one) => !tried.has(one) && isServedBy(one, route));
  const ready = left.filter(({ breaker }) => breaker.state(nowMs) !== "open");
  const choosy = ready.filter((one) => one.isChoosy && one.weight > 0);
  const open = ready.filter((one) => !one.isChoosy && one.weight > 0);
  const spare = ready.filter((one) => one.weight === 0);
  const isNamed = route.model !== undefined;
  for (const tier of isNamed ? [choosy, open, spare] : [open, choosy, spare]) {
    const chosen = isNamed || route.isCall ? byWeight(tier, random) : tier[0];
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
