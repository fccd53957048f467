import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { type ConfigKey, setConfigValue, unsetConfigValue } from "../../src/config/index.js";
import { parseConfigText } from "../../src/config/file.js";
import { InputError } from "../../src/shared/errors.js";

const EDIT = new URL("../../src/config/edit.ts", import.meta.url).href;

describe("setConfigValue", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-edit-"));
    file = join(folder, "config.toml");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function edit(before: string, key: ConfigKey, value: string): Promise<string> {
    writeFileSync(file, before);
    await setConfigValue(file, key, value, folder);
    return readFileSync(file, "utf8");
  }

  async function refusal(key: ConfigKey, value: string): Promise<InputError> {
    const error = await setConfigValue(file, key, value, folder).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }

  it("makes folder and file for the owner only", async () => {
    const path = join(folder, "home", ".m2m", "config.toml");
    expect(await setConfigValue(path, "server.port", "8080", folder)).to.equal(8080);
    expect(readFileSync(path, "utf8")).to.equal("[server]\nport = 8080\n");
    if (process.platform !== "win32") {
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(statSync(join(folder, "home", ".m2m")).mode & 0o777).to.equal(0o700);
    }
    expect(readdirSync(join(folder, "home", ".m2m"))).to.deep.equal(["config.toml"]);
  });

  it("loses nothing where many change the file at once", async () => {
    const path = join(folder, "home", ".m2m", "config.toml");
    const keys: ConfigKey[] = [
      "server.port",
      "security.engine",
      "security.enabled",
      "security.block_threshold",
    ];
    const values = ["8080", "rules", "true", "0.9"];
    const program = `const { setConfigValue } = await import(${JSON.stringify(EDIT)});
      const [path, key, value] = process.argv.slice(1);
      await setConfigValue(path, key, value, "/");`;
    const set = (key: string, value: string) =>
      promisify(execFile)(process.execPath, [
        "--import=tsx",
        "--input-type=module",
        "--eval",
        program,
        path,
        key,
        value,
      ]);
    await Promise.all([
      ...keys.map((key, index) => set(key, values[index])),
      // Within one process too.
      setConfigValue(path, "compression.level", "max", folder),
      setConfigValue(path, "server.host", "::1", folder),
    ]);
    const found = await parseConfigText(readFileSync(path, "utf8"), path);
    expect([...found.keys()].sort()).to.deep.equal([...keys, "compression.level", "server.host"].sort());
    expect(readdirSync(join(folder, "home", ".m2m"))).to.deep.equal(["config.toml"]);
  });

  it("takes a lock away that a process has left behind", async () => {
    const lock = `${file}.lock`;
    writeFileSync(lock, "");
    utimesSync(lock, 0, 0);
    expect(await edit("", "server.port", "2")).to.equal("[server]\nport = 2\n");
    expect(readdirSync(folder)).to.deep.equal(["config.toml"]);
  });

  const edits: [what: string, before: string, key: ConfigKey, value: string, after: string][] = [
    [
      "changes one value and keeps comments",
      "# mine\n[server] # here\n  port = 1 # old\n\n[security]\nenabled = false\n",
      "server.port",
      "2",
      "# mine\n[server] # here\n  port = 2 # old\n\n[security]\nenabled = false\n",
    ],
    [
      "adds a line to a table, like its last",
      "[compression]\n  quality = 1 # low\n\n[server]\nport = 1\n",
      "compression.policy",
      "smallest",
      '[compression]\n  quality = 1 # low\n  policy = "smallest"\n\n[server]\nport = 1\n',
    ],
    [
      "adds a line to an empty table",
      "[compression]\n[server]\n",
      "server.port",
      "1",
      "[compression]\n[server]\nport = 1\n",
    ],
    [
      "adds a table",
      "[compression]\nquality = 1\n",
      "server.port",
      "1",
      "[compression]\nquality = 1\n\n[server]\nport = 1\n",
    ],
    [
      "adds a missing line feed",
      "[server]\nport = 1",
      "security.enabled",
      "0",
      "[server]\nport = 1\n\n[security]\nenabled = false\n",
    ],
    [
      "adds to the last line",
      "[compression]\nquality = 1",
      "compression.encoding",
      "llama",
      '[compression]\nquality = 1\nencoding = "llama"\n',
    ],
    [
      "keeps CRLF",
      "[server]\r\nport = 1\r\n",
      "security.enabled",
      "false",
      "[server]\r\nport = 1\r\n\r\n[security]\r\nenabled = false\r\n",
    ],
    [
      "keeps CRLF in a table",
      "[compression]\r\nquality = 1\r\n",
      "compression.policy",
      "smallest",
      '[compression]\r\nquality = 1\r\npolicy = "smallest"\r\n',
    ],
    [
      "changes a dotted key",
      "compression.quality = 1 # x\n",
      "compression.quality",
      "2",
      "compression.quality = 2 # x\n",
    ],
    [
      "adds a dotted key",
      "compression.quality = 1\n",
      "compression.encoding",
      "llama",
      'compression.quality = 1\ncompression.encoding = "llama"\n',
    ],
    ["changes a quoted key", '["server"]\n"port" = 1\n', "server.port", "2", '["server"]\n"port" = 2\n'],
    [
      "is not misled by a comment",
      "# [server]\n# port = 1\n",
      "server.port",
      "2",
      "# [server]\n# port = 1\n\n[server]\nport = 2\n",
    ],
    [
      "is not misled by a string",
      '[models]\nfile = """\\\n[server]\\\nport = 1\\\n"""\n',
      "server.port",
      "2",
      '[models]\nfile = """\\\n[server]\\\nport = 1\\\n"""\n\n[server]\nport = 2\n',
    ],
    [
      "writes whole numbers of a number key as such",
      "",
      "security.block_threshold",
      "1",
      "[security]\nblock_threshold = 1.0\n",
    ],
    ["escapes text", "", "models.file", 'a"b\\c\u007f', '[models]\nfile = "a\\"b\\\\c\\u007f"\n'],
  ];
  for (const [what, before, key, value, after] of edits) {
    it(what, async () => expect(await edit(before, key, value)).to.equal(after));
  }

  it("keeps a byte order mark", async () => {
    expect(await edit("\ufeff[server]\nport = 1\n", "server.port", "2")).to.equal(
      "\ufeff[server]\nport = 2\n",
    );
  });

  it("sets what is read back, and nothing else, in any order of edits", async () => {
    const pairs = fc.constantFrom<[ConfigKey, string]>(
      ["server.port", "1"],
      ["server.port", "65535"],
      ["compression.quality", "0"],
      ["compression.policy", "smallest"],
      ["compression.encoding", "llama"],
      ["models.file", "a # b = [c]"],
      ["models.file", "'''x'''\n\"\"\"y"],
      ["security.enabled", "false"],
      ["security.block_threshold", "1e-2"],
      ["limits.max_json_depth", "64"],
    );
    const starts = fc.constantFrom(
      "",
      "# c\n",
      "[server]\n",
      "server.port = 3\n\n[models]",
      "[compression]\r\n\r\n# x\r\n",
    );
    await fc.assert(
      fc.asyncProperty(starts, fc.array(pairs, { minLength: 1, maxLength: 8 }), async (start, list) => {
        writeFileSync(file, start);
        const expected = new Map(await parseConfigText(start, file));
        for (const [key, text] of list) expected.set(key, await setConfigValue(file, key, text, folder));
        const found = await parseConfigText(readFileSync(file, "utf8"), file);
        expect(Object.fromEntries(found)).to.deep.equal(Object.fromEntries(expected));
      }),
    );
  });

  it("writes nothing for a bad value", async () => {
    writeFileSync(file, "[server]\nport = 1\n");
    expect((await refusal("server.port", "x")).message).to.equal(
      'server.port takes an integer from 0 to 65535, not "x".',
    );
    expect(readFileSync(file, "utf8")).to.equal("[server]\nport = 1\n");
  });

  it("leaves what else is wrong as it is, so that a file can be mended", async () => {
    const wrong = "[server]\nprt = 1\nport = true\n[nope]\nx = 2026-01-01\n";
    expect(await edit(wrong, "server.port", "2")).to.equal(wrong.replace("true", "2"));
    expect(await edit("[compression]\nquality = [\n1 ]\n", "compression.quality", "2")).to.equal(
      "[compression]\nquality = 2\n",
    );
  });

  it("writes nothing to a file that is no TOML", async () => {
    writeFileSync(file, "[server]\nport = \n");
    expect((await refusal("server.port", "2")).message).to.include(`${file}:2:`);
    expect(readFileSync(file, "utf8")).to.equal("[server]\nport = \n");
  });

  it("names the setting that cannot be edited", async () => {
    for (const text of [
      "server = 3\n",
      "[server.port]\nx = 1\n",
      "server.port.x = 1\n",
      "[[server]]\nport = 1\n",
    ]) {
      writeFileSync(file, text);
      const { code, hint, message } = await refusal("server.port", "2");
      expect([code, hint], text).to.deep.equal([
        "M2M_CONFIG_INVALID",
        "Change server.port in the file by hand.",
      ]);
      expect(message).to.include("server.port cannot be changed");
      expect(readFileSync(file, "utf8")).to.equal(text);
    }
  });

  it("reads a relative path from the working directory", async () => {
    const set = async (value: string, cwd: string) => {
      rmSync(file, { force: true });
      return setConfigValue(file, "models.file", value, cwd);
    };
    expect(await set("my.toml", folder)).to.equal("my.toml");
    expect(await set("my.toml", join(folder, "sub"))).to.equal(join("sub", "my.toml"));
    expect(await set("../my.toml", folder)).to.equal(join(folder, "..", "my.toml"));
    expect(await set("~/my.toml", folder)).to.equal("~/my.toml");
    expect(await set(join(folder, "my.toml"), folder)).to.equal(join(folder, "my.toml"));
  });

  it("leaves an inline table to its author", async () => {
    writeFileSync(file, "server = { port = 1 }\n");
    expect((await refusal("server.port", "2")).hint).to.equal("Change server.port in the file by hand.");
    expect(readFileSync(file, "utf8")).to.equal("server = { port = 1 }\n");
  });

  it("follows a link and keeps the mode", async function () {
    if (process.platform === "win32") this.skip();
    writeFileSync(join(folder, "real.toml"), "");
    chmodSync(join(folder, "real.toml"), 0o644);
    symlinkSync("real.toml", file);
    await setConfigValue(file, "server.port", "2", folder);
    expect(lstatSync(file).isSymbolicLink()).to.equal(true);
    expect(readFileSync(join(folder, "real.toml"), "utf8")).to.equal("[server]\nport = 2\n");
    expect(statSync(join(folder, "real.toml")).mode & 0o777).to.equal(0o644);
  });

  it("says why a file cannot be written, and leaves nothing behind", async () => {
    writeFileSync(join(folder, "plain"), "");
    const inFile = await setConfigValue(
      join(folder, "plain", "config.toml"),
      "server.port",
      "1",
      folder,
    ).catch((e) => e);
    expect(inFile).to.be.instanceOf(InputError).with.property("code", "M2M_FILE_WRITE");
    mkdirSync(file);
    expect((await refusal("server.port", "1")).code).to.equal("M2M_FILE_READ");
    expect(readdirSync(folder).sort()).to.deep.equal(["config.toml", "plain"]);
  });
});

describe("unsetConfigValue", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-edit-"));
    file = join(folder, "config.toml");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function unset(before: string, key: ConfigKey): Promise<[boolean, string]> {
    writeFileSync(file, before);
    return [await unsetConfigValue(file, key), readFileSync(file, "utf8")];
  }

  it("takes the line out and leaves the rest", async () => {
    const text = "# a\n[server] # b\nport = 1 # c\n\n[nope]\nx = 2";
    expect(await unset(text, "server.port")).to.deep.equal([true, "# a\n[server] # b\n\n[nope]\nx = 2"]);
    expect(await unset("server.port = 1", "server.port")).to.deep.equal([true, ""]);
    expect(await unset("[compression]\r\nquality = [\r\n 1\r\n]\r\n", "compression.quality")).to.deep.equal([
      true,
      "[compression]\r\n",
    ]);
  });

  it("changes nothing if there is nothing to take out", async () => {
    expect(await unset("[server]\n", "server.port")).to.deep.equal([false, "[server]\n"]);
    expect(await unsetConfigValue(join(folder, "none.toml"), "server.port")).to.equal(false);
    expect(readdirSync(folder)).to.deep.equal(["config.toml"]);
  });

  it("refuses what is more than a line of its own", async () => {
    for (const text of ["server = { port = 1 }\n", "[server.port]\nx = 1\n"]) {
      writeFileSync(file, text);
      const error = await unsetConfigValue(file, "server.port").catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(InputError).with.property("code", "M2M_CONFIG_INVALID");
      expect(readFileSync(file, "utf8")).to.equal(text);
    }
  });

  it("takes back what setConfigValue did", async () => {
    const start = '# c\n[compression]\npolicy = "smallest"\n';
    writeFileSync(file, start);
    await setConfigValue(file, "compression.quality", "3", folder);
    expect(await unsetConfigValue(file, "compression.quality")).to.equal(true);
    expect(readFileSync(file, "utf8")).to.equal(start);
  });
});
