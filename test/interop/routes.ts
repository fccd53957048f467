import { expect } from "chai";
import { ScriptedUpstream } from "../helpers/scripted-upstream.js";
import { ServiceProcess } from "../helpers/service-process.js";

/** A way to the upstream that a client is pointed at. */
export interface Route {
  readonly upstream: ScriptedUpstream;
  /** Base address without a path. */
  readonly url: string;
  /** The proxy on the way, if there is one. */
  readonly proxy?: ServiceProcess;
}

/**
 * One suite over both ways: straight to the upstream, which shows that client and upstream agree, and through `m2m proxy`,
 * which must not be told from it.
 *
 * @param args further arguments of the proxy
 */
export function describeRoutes(
  title: string,
  args: readonly string[],
  suite: (route: () => Route) => void,
): void {
  describe(`${title}, direct`, () => suite(useRoute(startDirect)));
  describe(`${title}, through the proxy`, () => suite(useRoute(() => startProxied(args))));
}

/** A suite through the proxy only. */
export function describeProxy(
  title: string,
  args: readonly string[],
  suite: (route: () => Route) => void,
): void {
  describe(title, () => suite(useRoute(() => startProxied(args))));
}

async function startDirect(): Promise<Route> {
  const upstream = await ScriptedUpstream.start();
  return { upstream, url: upstream.url };
}

async function startProxied(args: readonly string[]): Promise<Route> {
  const upstream = await ScriptedUpstream.start();
  try {
    const proxy = await ServiceProcess.start(["proxy", "--target", upstream.url, ...args]);
    return { upstream, url: proxy.url, proxy };
  } catch (error) {
    await upstream.stop();
    throw error;
  }
}

/** Starts the route before a suite, forgets what was seen before each test, and ends it behind the suite. */
function useRoute(start: () => Promise<Route>): () => Route {
  let route: Route | undefined;
  before(async () => {
    route = await start();
  });
  beforeEach(() => route!.upstream.reset());
  after(async () => {
    if (!route) return;
    const { proxy, upstream } = route;
    if (proxy) {
      expect(proxy.isRunning, proxy.output).to.equal(true);
      expect(await proxy.stop(), proxy.output).to.equal(0);
      expect(proxy.output).not.to.contain("M2M_BUG");
    }
    await upstream.stop();
  });
  return () => route!;
}
