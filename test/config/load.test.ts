import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  type Config,
  CONFIG_KEY_NAMES,
  type ConfigKey,
  formatOrigin,
  loadConfig,
  locateConfigFile,
  specOf,
} from "../../src/config/index.js";
import { InputError } from "../../src/shared/errors.js";

/** A home folder with a project in it, all real. */
class Place {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), "m2m-config-")));
  readonly project = join(this.home, "work", "project");
  readonly inside = join(this.project, "deep", "er");
  readonly userFile = join(this.home, ".m2m", "config.toml");
  readonly projectFile = join(this.project, "m2m.toml");

  constructor() {
    mkdirSync(this.inside, { recursive: true });
    mkdirSync(join(this.home, ".m2m"));
  }

  load(env: Record<string, string> = {}): Promise<Config> {
    return loadConfig({ cwd: this.inside, home: this.home, env });
  }

  async refusal(env: Record<string, string> = {}): Promise<InputError> {
    try {
      await this.load(env);
    } catch (error) {
      expect(error).to.be.instanceOf(InputError);
      return error as InputError;
    }
    throw new Error("It was not refused.");
  }
}

const originOf = (config: Config, key: ConfigKey) => formatOrigin(config.origin(key));

describe("loadConfig", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => rmSync(place.home, { recursive: true }));

  it("has defaults", async () => {
    const config = await place.load();
    expect(Object.fromEntries(config.entries().map(({ key, value }) => [key, value]))).to.deep.equal({
      "compression.default_algorithm": "auto",
      "compression.brotli_threshold": 1024,
      "compression.policy": "published",
      "compression.encoding": "cl100k_base",
      "compression.quality": 5,
      "compression.level": "default",
      "limits.max_content_bytes": 16 * 1024 * 1024,
      "limits.max_json_depth": 32,
      "router.skip_below_tokens": 25,
      "router.full_from_tokens": 100,
      "models.file": undefined,
      "security.enabled": true,
      "security.block_threshold": 0.8,
      "security.engine": "both",
      "security.device": "native",
      "security.model_dir": undefined,
      "security.rules_file": undefined,
      "security.disabled_rules": undefined,
      "security.exclude": undefined,
      "server.port": 3000,
      "server.host": "127.0.0.1",
      "server.auth_token": undefined,
      "server.blocking": false,
      "server.transport": "http",
      "server.tls_cert": undefined,
      "server.tls_key": undefined,
      "server.store": "memory",
      "server.workers": 1,
      "server.max_body_bytes": 16777216,
      "server.max_concurrent": 1024,
      "server.max_held_bytes": 268435456,
      "server.rate_limit": 0,
      "server.trust_proxy": undefined,
      "server.log_level": "info",
      "server.log_json": false,
      "aitcp.port": undefined,
      "aitcp.max_sessions_per_peer": 1000,
      "aitcp.identity": undefined,
      "aitcp.trust": undefined,
      "aitcp.trust_organisation": undefined,
      "aitcp.known_peers": undefined,
      "aitcp.trust_anyone": false,
      "aitcp.certificate": undefined,
      "proxy.target": undefined,
      "proxy.port": 8080,
      "proxy.host": "127.0.0.1",
      "proxy.allowed_hosts": undefined,
      "proxy.auth_token": undefined,
      "proxy.optimize": "off",
      "proxy.scan": true,
      "proxy.scan_responses": false,
      "proxy.blocking": false,
      "proxy.peer": false,
      "proxy.include_usage": false,
      "proxy.cache_ttl_s": 0,
      "proxy.cache_scope": "deterministic",
      "proxy.requests_per_minute": 0,
      "proxy.tokens_per_minute": 0,
      "proxy.usd_per_day": 0,
      "proxy.usd_per_month": 0,
      "proxy.store": "memory",
      "proxy.connect_timeout_s": 10,
      "proxy.timeout_s": 600,
      "proxy.idle_timeout_s": 300,
      "proxy.retries": 2,
      "proxy.max_body_bytes": 67108864,
      "proxy.max_held_bytes": 268435456,
      "proxy.log_level": "info",
      "proxy.log_json": false,
    });
    expect(new Set(config.entries().map((entry) => entry.origin.kind))).to.deep.equal(new Set(["default"]));
    expect(config.userFile).to.equal(place.userFile);
    expect(config.projectFile).to.equal(undefined);
  });

  it("takes environment before project file before user file before default", async () => {
    writeFileSync(place.userFile, "[server]\nport = 1\n");
    let config = await place.load();
    expect([config.get("server.port"), originOf(config, "server.port")]).to.deep.equal([
      1,
      `user file ${place.userFile}`,
    ]);
    writeFileSync(place.projectFile, "server = { port = 2 }\n");
    config = await place.load();
    expect([config.get("server.port"), originOf(config, "server.port")]).to.deep.equal([
      2,
      `project file ${place.projectFile}`,
    ]);
    config = await place.load({ M2M_SERVER_PORT: "3" });
    expect([config.get("server.port"), originOf(config, "server.port")]).to.deep.equal([
      3,
      "environment M2M_SERVER_PORT",
    ]);
    expect(originOf(config, "compression.quality")).to.equal("default");
  });

  it("reads the files of the protocol's own documentation", async () => {
    writeFileSync(
      place.userFile,
      '[compression]\ndefault_algorithm = "token-native"\nbrotli_threshold = 1024\n\n[security]\nenabled = true\nblock_threshold = 0.8\n',
    );
    const env = {
      M2M_SERVER_PORT: "3000",
      M2M_SECURITY_ENABLED: "true",
      M2M_SECURITY_BLOCK_THRESHOLD: "0.8",
    };
    const config = await place.load(env);
    expect(config.get("compression.default_algorithm")).to.equal("token-native");
    expect(originOf(config, "security.block_threshold")).to.equal("environment M2M_SECURITY_BLOCK_THRESHOLD");
  });

  it("takes a byte order mark and CRLF", async () => {
    writeFileSync(place.userFile, "\ufeff[server]\r\nport = 8080\r\n");
    expect((await place.load()).get("server.port")).to.equal(8080);
  });

  it("honours M2M_HOME and M2M_CONFIG", async () => {
    const other = join(place.home, "other");
    mkdirSync(other);
    writeFileSync(join(other, "config.toml"), "[server]\nport = 5\n");
    writeFileSync(join(other, "third.toml"), "[server]\nport = 6\n");
    expect((await place.load({ M2M_HOME: other })).get("server.port")).to.equal(5);
    expect(
      (await place.load({ M2M_HOME: other, M2M_CONFIG: join(other, "third.toml") })).get("server.port"),
    ).to.equal(6);
    expect((await place.load({ M2M_CONFIG: devNull })).get("server.port")).to.equal(3000);
  });

  it("lets a project make the scanner stricter only", async () => {
    writeFileSync(place.userFile, "[security]\nblock_threshold = 0.7\nenabled = false\n");
    writeFileSync(
      place.projectFile,
      '[security]\nblock_threshold = 0.75\nengine = "rules"\nmodel_dir = "w"\nenabled = true\n',
    );
    const config = await place.load();
    expect(config.ignored).to.deep.equal([
      "security.block_threshold",
      "security.engine",
      "security.model_dir",
    ]);
    expect(config.get("security.block_threshold")).to.equal(0.7);
    expect(config.get("security.engine")).to.equal("both");
    expect(config.get("security.enabled")).to.equal(true);
    writeFileSync(place.projectFile, "[security]\nblock_threshold = 0.6\n");
    const stricter = await place.load();
    expect([stricter.get("security.block_threshold"), stricter.ignored]).to.deep.equal([0.6, []]);
  });

  it("leaves the upstreams of a project alone, as the rest of what is not its to say", async () => {
    writeFileSync(place.userFile, '[[upstream]]\nurl = "https://own.example"\n');
    writeFileSync(
      place.projectFile,
      '[proxy]\ntarget = "https://a.example"\n[[upstream]]\nurl = "https://b.example"\n[server]\nport = 9\n',
    );
    const config = await place.load();
    expect(config.ignored).to.deep.equal(["proxy.target", "[[upstream]]"]);
    expect(config.upstreams).to.deep.equal([{ url: "https://own.example" }]);
    expect(config.get("server.port")).to.equal(9);
  });

  it("lets a project take nothing out of what is scanned", async () => {
    writeFileSync(place.userFile, "[limits]\nmax_content_bytes = 1000\n[security]\nexclude = ['*.min.js']\n");
    writeFileSync(place.projectFile, "[limits]\nmax_content_bytes = 999\n[security]\nexclude = ['*.md']\n");
    const config = await place.load();
    expect([config.get("limits.max_content_bytes"), config.get("security.exclude")]).to.deep.equal([
      1000,
      "*.min.js",
    ]);
    expect(config.ignored).to.deep.equal(["limits.max_content_bytes", "security.exclude"]);
    writeFileSync(place.projectFile, "[limits]\nmax_content_bytes = 2000\n");
    expect((await place.load()).get("limits.max_content_bytes")).to.equal(2000);
  });

  it("finds the nearest project file, not above the home folder", async () => {
    writeFileSync(join(place.home, "work", "m2m.toml"), "[server]\nport = 7\n");
    expect((await place.load()).get("server.port")).to.equal(7);
    writeFileSync(place.projectFile, "[server]\nport = 8\n");
    expect((await place.load()).get("server.port")).to.equal(8);
    const config = await loadConfig({ cwd: place.inside, home: join(place.project, "deep"), env: {} });
    expect(config.get("server.port")).to.equal(3000);
  });

  it("resolves paths from where they are written", async () => {
    writeFileSync(place.userFile, '[models]\nfile = "mine.toml"\n');
    expect((await place.load()).get("models.file")).to.equal(join(place.home, ".m2m", "mine.toml"));
    writeFileSync(place.userFile, '[models]\nfile = "~/mine.toml"\n');
    expect((await place.load()).get("models.file")).to.equal(join(place.home, "mine.toml"));
    expect((await place.load({ M2M_MODELS_FILE: "here.toml" })).get("models.file")).to.equal(
      join(place.inside, "here.toml"),
    );
  });

  it("takes the default for an empty variable and ignores other variables", async () => {
    const config = await place.load({ M2M_SERVER_PORT: "", M2M_KEY: "x", M2M_CONFIG_DIR: "x", HOME: "x" });
    expect(config.get("server.port")).to.equal(3000);
  });

  const badFiles: [what: string, text: string, line: number, message: string, hint?: string][] = [
    ["no TOML", "[server\nport = 1", 1, ":1:8: This is not valid TOML"],
    ["a key twice", "[server]\nport = 1\nport = 2\n", 3, "This is not valid TOML"],
    ["an unknown key", "# c\n[server]\nprt = 1\n", 3, ':3: There is no setting "server.prt".', "server.port"],
    ["an unknown table", "[serve]\nport = 1\n", 1, ':1: There is no setting "serve".'],
    [
      "a key at the top",
      "port = 1\n",
      1,
      'There is no setting "port" at the top.',
      "port belongs under [server].",
    ],
    ["a prototype key", "[server]\n__proto__ = 1\n", 2, '"server.__proto__"'],
    ["a prototype table", "[constructor]\nx = 1\n", 1, 'There is no setting "constructor".'],
    ["a section that is no table", "server = 3\n", 1, "server is a table"],
    [
      "a word for a number",
      '[server]\nport = "80"\n',
      2,
      ':2: server.port takes an integer from 0 to 65535, not "80".',
    ],
    ["half a port", "[server]\nport = 80.5\n", 2, "not 80.5."],
    ["a port out of range", "\n\n[server]\nport = 65536\n", 4, "not 65536."],
    [
      "a threshold that is no number",
      "[security]\nblock_threshold = nan\n",
      2,
      "a number from 0.01 to 1, not NaN.",
    ],
    ["a word for a truth", "[security]\nenabled = 1\n", 2, "security.enabled takes true or false, not 1."],
    ["an unknown algorithm", '[compression]\ndefault_algorithm = "gzip"\n', 2, 'not "gzip".'],
    ["a list", "compression.quality = [\n1\n]\n", 1, "not a list."],
    ["a date", "[server]\nport = 2026-01-01\n", 2, "not a date."],
  ];
  for (const [what, text, line, message, hint] of badFiles) {
    it(`refuses ${what} in a file, with its line`, async () => {
      writeFileSync(place.projectFile, text);
      const error = await place.refusal();
      expect(error.code).to.equal("M2M_CONFIG_INVALID");
      expect(error.message.startsWith(`${place.projectFile}:${line}`), error.message).to.equal(true);
      expect(error.message).to.include(message);
      expect(error.line).to.equal(line);
      if (hint !== undefined) expect(error.hint).to.include(hint);
    });
  }

  const badVariables: [name: string, value: string, message: string, hint?: string][] = [
    ["M2M_SERVER_PORT", "http", 'M2M_SERVER_PORT: server.port takes an integer from 0 to 65535, not "http".'],
    ["M2M_SERVER_PORT", "0x50", "M2M_SERVER_PORT: "],
    ["M2M_SECURITY_ENABLED", "yes", "security.enabled takes true or false"],
    ["M2M_COMPRESSION_POLICY", "SMALLEST", "one of published, smallest"],
    ["M2M_SERVER_PROT", "1", "no setting for the environment variable M2M_SERVER_PROT.", "M2M_SERVER_PORT"],
    ["M2M_SECURITY_", "1", "M2M_SECURITY_"],
  ];
  for (const [name, value, message, hint] of badVariables) {
    it(`refuses ${name}=${value}`, async () => {
      const error = await place.refusal({ [name]: value });
      expect(error.code).to.equal("M2M_CONFIG_INVALID");
      expect(error.message).to.include(message);
      if (hint !== undefined) expect(error.hint).to.include(hint);
    });
  }

  it("refuses a file that is named but missing, a folder, and bytes that are no text", async () => {
    const missing = await place.refusal({ M2M_CONFIG: "nowhere.toml" });
    expect([missing.code, missing.message]).to.deep.equal([
      "M2M_FILE_READ",
      `M2M_CONFIG: Cannot read ${join(place.inside, "nowhere.toml")}: there is no such file or folder.`,
    ]);
    expect((await place.refusal({ M2M_CONFIG: place.home })).code).to.equal("M2M_FILE_READ");
    writeFileSync(place.userFile, Uint8Array.of(0x23, 0xff));
    expect((await place.refusal()).code).to.equal("M2M_CONFIG_INVALID");
  });

  it("says of a user file that is there and cannot be read that it cannot", async function () {
    mkdirSync(place.userFile);
    expect((await place.refusal()).message).to.equal(`Cannot read ${place.userFile}: it is a directory.`);
    rmSync(place.userFile, { recursive: true });
    // There a file in place of a folder is as if there were nothing.
    if (process.platform === "win32") this.skip();
    writeFileSync(join(place.home, "taken"), "");
    expect((await place.refusal({ M2M_HOME: join(place.home, "taken") })).message).to.equal(
      `Cannot read ${join(place.home, "taken", "config.toml")}: a part of the path is not a folder.`,
    );
    // The home of those who have none.
    const homeless = await loadConfig({ cwd: "/", home: devNull, env: {} });
    expect(homeless.get("server.port")).to.equal(3000);
    symlinkSync("config.toml", place.userFile);
    expect((await place.refusal()).message).to.include("symbolic links lead in a circle");
    rmSync(place.userFile);
    writeFileSync(place.userFile, "[server]\nport = 9\n");
    // The administrator may enter every folder.
    if (process.getuid?.() === 0) return;
    chmodSync(join(place.home, ".m2m"), 0);
    expect((await place.refusal()).message).to.equal(`Cannot read ${place.userFile}: permission denied.`);
    chmodSync(join(place.home, ".m2m"), 0o700);
    // The home of somebody else is nobody's business.
    chmodSync(place.home, 0);
    const outside = await loadConfig({ cwd: "/", home: place.home, env: {} });
    chmodSync(place.home, 0o700);
    expect(outside.get("server.port")).not.to.equal(9);
  });

  it("has no user file where there is no home folder", async () => {
    writeFileSync(join(place.inside, "m2m.toml"), "[server]\nport = 9\n");
    mkdirSync(join(place.inside, ".m2m"));
    writeFileSync(join(place.inside, ".m2m", "config.toml"), "[compression]\nquality = 9\n");
    const config = await loadConfig({ cwd: place.inside, home: "", env: {} });
    expect(config.userFile).to.equal(undefined);
    expect([config.get("server.port"), config.get("compression.quality")]).to.deep.equal([9, 5]);
    expect(() => locateConfigFile({ cwd: place.inside, home: "", env: {} }, "user")).to.throw(InputError);
  });

  it("takes every key from the environment", async () => {
    for (const key of CONFIG_KEY_NAMES) {
      const name = `M2M_${key.replace(".", "_").toUpperCase()}`;
      const value = String((await place.load()).get(key) ?? (specOf(key).type === "integer" ? 1 : "x"));
      expect((await place.load({ [name]: value })).origin(key)).to.deep.equal({ kind: "environment", name });
    }
  });
});
