import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import { ScriptedUpstream } from "../helpers/scripted-upstream.js";
import { ServiceProcess } from "../helpers/service-process.js";

interface RequestCounts {
  readonly started: number;
  readonly active: number;
  readonly finished: number;
  readonly failed: number;
  readonly aborted: number;
}

/** A proxy of short patience as a process of its own, before a scripted upstream. */
export class ProxyFixture {
  readonly upstream: ScriptedUpstream;
  readonly proxy: ServiceProcess;

  private constructor(upstream: ScriptedUpstream, proxy: ServiceProcess) {
    this.upstream = upstream;
    this.proxy = proxy;
  }

  static async start(...args: string[]): Promise<ProxyFixture> {
    const upstream = await ScriptedUpstream.start();
    try {
      const proxy = await ServiceProcess.start(
        ["proxy", "--target", upstream.url, "--timeout", "1", "--log-level", "error", ...args],
        { M2M_PROXY_IDLE_TIMEOUT_S: "1" },
      );
      return new ProxyFixture(upstream, proxy);
    } catch (error) {
      await upstream.stop();
      throw error;
    }
  }

  get url(): string {
    return this.proxy.url;
  }

  async counts(): Promise<RequestCounts> {
    const answer = await fetch(`${this.url}/_m2m/stats`);
    return ((await answer.json()) as { requests: RequestCounts }).requests;
  }

  /** Waits until nothing runs any more, and holds the counters to their promise. */
  async expectCounted(started: number): Promise<RequestCounts> {
    let counts = await this.counts();
    while (counts.active > 0) {
      await delay(20);
      counts = await this.counts();
    }
    expect(counts.finished + counts.failed + counts.aborted, JSON.stringify(counts)).to.equal(counts.started);
    expect(counts.started).to.equal(started);
    return counts;
  }

  /** Ends what is left of both, however a test ended. */
  async remove(): Promise<void> {
    await this.proxy.kill();
    await this.upstream.stop();
  }

  /** Ends both; the proxy must be alive until now, and end in good order. */
  async stop(): Promise<void> {
    try {
      expect(this.proxy.isRunning, this.proxy.output).to.equal(true);
      expect(await this.proxy.stop(), this.proxy.output).to.equal(0);
      expect(this.proxy.output).not.to.match(/M2M_BUG|\n {4}at /u);
    } finally {
      await this.upstream.stop();
    }
  }
}
