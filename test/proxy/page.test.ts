import { expect } from "chai";
import { chromium, type Browser, type Page } from "playwright-core";
import { requirePeer } from "../helpers/peers.js";
import { ProxyFixture } from "./fixture.js";

const ARGS = [
  ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** A name that a client chose. */
const HOSTILE = '<img src=x onerror="document.title=1">';

describe("proxy: the page", function () {
  this.timeout(60_000);
  let fixture: ProxyFixture;
  let browser: Browser;

  before(async function () {
    requirePeer(this, "chromium");
    fixture = await ProxyFixture.start();
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS });
    for (let i = 0; i < 3; i++) await fixture.chat();
    await fixture.chat({ model: HOSTILE });
    fixture.upstream.script("cut-mid-event");
    await fixture.chat().catch(() => {});
  });
  after(async () => {
    await browser?.close();
    await fixture?.stop();
  });

  async function open(colorScheme: "light" | "dark"): Promise<{ page: Page; problems: string[] }> {
    const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 900 } });
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(fixture.proxy.url) && !request.url().startsWith("data:"))
        problems.push(`asks ${request.url()}`);
    });
    await page.goto(`${fixture.proxy.url}/_m2m`);
    await page.waitForSelector("#tiles div");
    return { page, problems };
  }

  for (const colorScheme of ["light", "dark"] as const) {
    it(`shows what goes through, ${colorScheme}, and asks nobody else`, async () => {
      const { page, problems } = await open(colorScheme);
      // The second answer of the statistics brings a rate.
      await page.waitForSelector("#rate-now:not(:empty)");
      expect(await page.textContent("#state")).to.match(/^Up for \d/);
      const models = await page.textContent("#models");
      expect(models).to.contain("gpt-4o").and.contain(HOSTILE);
      expect(await page.title()).to.equal("m2m proxy");
      const colors = await page.evaluate<string[]>(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]",
      );
      const [ink, paper] = colors.map((color) =>
        Math.max(...(color.match(/\d+/g) ?? []).slice(0, 3).map(Number)),
      );
      expect(colorScheme === "light" ? paper - ink : ink - paper).to.be.greaterThan(150);
      expect(problems).to.deep.equal([]);
      if (process.env.M2M_SCREENSHOTS !== undefined)
        await page.screenshot({ path: `${process.env.M2M_SCREENSHOTS}/proxy-${colorScheme}.png` });
      await page.close();
    });
  }

  it("is a table for those who cannot see it, and fits a phone", async () => {
    const { page } = await open("light");
    for (const name of ["Times", "Models", "Upstreams"])
      expect(await page.getByRole("heading", { name }).count(), name).to.equal(1);
    expect(await page.getByRole("rowheader", { name: "gpt-4o" }).count()).to.equal(1);
    expect(await page.getByRole("img", { name: /Requests a second/ }).count()).to.equal(1);
    await page.setViewportSize({ width: 360, height: 700 });
    const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
    expect(overflow).to.be.at.most(0);
    if (process.env.M2M_SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${process.env.M2M_SCREENSHOTS}/proxy-phone.png`, fullPage: true });
    await page.close();
  });

  it("says so when the proxy is gone", async () => {
    const other = await ProxyFixture.start();
    const page = await browser.newPage();
    await page.goto(`${other.proxy.url}/_m2m/`);
    await page.waitForSelector("#tiles div");
    await other.stop();
    await page.waitForSelector("#state.down");
    expect(await page.textContent("#state")).to.equal("The proxy does not answer.");
    await page.close();
  });
});
