import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { CONFIG_KEY_NAMES } from "../../src/config/index.js";
import { Sandbox } from "../helpers/m2m-process.js";

describe("m2m config", () => {
  let sandbox: Sandbox;
  let userFile: string;
  let projectFile: string;
  beforeEach(() => {
    sandbox = new Sandbox();
    userFile = join(sandbox.home, ".m2m", "config.toml");
    projectFile = join(sandbox.project, "m2m.toml");
  });
  afterEach(() => sandbox.remove());

  describe("list", () => {
    it("prints key, value and origin, tab-separated where there is no terminal", () => {
      sandbox.write(".m2m/config.toml", "[compression]\nquality = 9\n");
      sandbox.write("project/m2m.toml", '[compression]\npolicy = "smallest"\n');
      const { code, stdout, stderr } = sandbox.run(["config", "list"], { M2M_SERVER_PORT: "8080" });
      expect([code, stderr]).to.deep.equal([0, ""]);
      const rows = stdout
        .trimEnd()
        .split("\n")
        .map((row) => row.split("\t"));
      expect(rows.map(([key]) => key)).to.deep.equal(CONFIG_KEY_NAMES);
      expect(rows.filter(([, , origin]) => origin !== "default")).to.deep.equal([
        ["compression.policy", "smallest", `project file ${projectFile}`],
        ["compression.quality", "9", `user file ${userFile}`],
        ["server.port", "8080", "environment M2M_SERVER_PORT"],
      ]);
      expect(rows.find(([key]) => key === "models.file")).to.deep.equal(["models.file", "-", "default"]);
    });

    it("prints JSON", () => {
      const document = JSON.parse(sandbox.run(["config", "list", "--json"]).stdout);
      expect(document).to.include({ version: 1, userFile }).and.not.to.have.property("projectFile");
      expect(document.settings).to.deep.include({ key: "server.port", value: 3000, origin: "default" });
      expect(document.settings).to.deep.include({ key: "models.file", origin: "default" });
      expect(document.settings).to.have.length(CONFIG_KEY_NAMES.length);
    });

    it("names file, line and key of what is wrong", () => {
      const path = sandbox.write("project/m2m.toml", "[compression]\n\nqualty = 9\n");
      const text = sandbox.run(["config", "list"]);
      expect([text.code, text.stdout]).to.deep.equal([2, ""]);
      expect(text.stderr).to.equal(
        `m2m: ${path}:3: There is no setting "compression.qualty".\n  Did you mean compression.quality?\n`,
      );
      const json = sandbox.run(["config", "list", "--json"]);
      expect([json.code, json.stderr]).to.deep.equal([2, ""]);
      expect(JSON.parse(json.stdout)).to.deep.equal({
        error: {
          code: "M2M_CONFIG_INVALID",
          message: `${path}:3: There is no setting "compression.qualty".`,
          hint: "Did you mean compression.quality?",
        },
      });
    });

    it("names the variable of what is wrong", () => {
      const { code, stderr } = sandbox.run(["config", "list"], { M2M_SERVER_PORT: "no" });
      expect(code).to.equal(2);
      expect(stderr).to.equal(
        'm2m: M2M_SERVER_PORT: server.port takes an integer from 0 to 65535, not "no".\n',
      );
    });
  });

  describe("get", () => {
    it("prints the value", () => {
      expect(sandbox.run(["config", "get", "server.port"])).to.deep.equal({
        code: 0,
        stdout: "3000\n",
        stderr: "",
      });
      expect(sandbox.run(["config", "get", "models.file"]).stdout).to.equal("-\n");
    });

    it("prints JSON with the origin", () => {
      const env = { M2M_SECURITY_ENABLED: "false" };
      expect(
        JSON.parse(sandbox.run(["config", "get", "security.enabled", "--json"], env).stdout),
      ).to.deep.equal({
        version: 1,
        key: "security.enabled",
        value: false,
        origin: "environment M2M_SECURITY_ENABLED",
      });
    });

    it("refuses an unknown key", () => {
      const { code, stdout, stderr } = sandbox.run(["config", "get", "server.prt"]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.equal('m2m: There is no setting "server.prt".\n  Did you mean server.port?\n');
    });

    it("refuses a missing key", () => expect(sandbox.run(["config", "get"]).code).to.equal(2));
  });

  describe("set", () => {
    it("changes the user file", () => {
      const { code, stdout, stderr } = sandbox.run(["config", "set", "compression.quality", "9"]);
      expect([code, stdout, stderr]).to.deep.equal([0, "", `compression.quality is 9 in ${userFile}.\n`]);
      expect(readFileSync(userFile, "utf8")).to.equal("[compression]\nquality = 9\n");
      expect(sandbox.run(["config", "get", "compression.quality"]).stdout).to.equal("9\n");
    });

    it("changes the project file", () => {
      const { stdout } = sandbox.run([
        "config",
        "set",
        "compression.policy",
        "smallest",
        "--project",
        "--json",
      ]);
      expect(JSON.parse(stdout)).to.deep.equal({
        version: 1,
        key: "compression.policy",
        value: "smallest",
        file: projectFile,
      });
      expect(readFileSync(projectFile, "utf8")).to.equal('[compression]\npolicy = "smallest"\n');
      expect(existsSync(userFile)).to.equal(false);
    });

    it("says that a project may only make the scanner stricter", () => {
      const set = (...args: string[]) => sandbox.run(["config", "set", ...args]);
      for (const [key, value] of [
        ["security.exclude", "*.md"],
        ["proxy.target", "https://api.example.com"],
        ["security.block_threshold", "0.9"],
      ]) {
        const { code, stderr } = set(key, value, "--project");
        expect([code, stderr.includes(`${key} has no effect in a project file`)], stderr).to.deep.equal([
          2,
          true,
        ]);
        expect(existsSync(projectFile)).to.equal(false);
      }
      expect(set("security.block_threshold", "0.7", "--project").code).to.equal(0);
      expect(set("proxy.target", "https://api.example.com").code).to.equal(0);
    });

    it("shows what is no secret because nobody has set it", () => {
      expect(sandbox.run(["config", "get", "proxy.store"]).stdout).to.equal("memory\n");
      const env = { M2M_PROXY_STORE: "redis://:word@host" };
      expect(sandbox.run(["config", "get", "proxy.store"], env).code).to.equal(2);
    });

    it("prints a secret nowhere, and nothing that could be taken for it", () => {
      const env = { M2M_SERVER_AUTH_TOKEN: "open-sesame", M2M_SERVER_STORE: "redis://:open-sesame@host:1" };
      const masks = { "server.auth_token": "(secret)", "server.store": "redis://…@host:1" };
      for (const [key, value] of Object.entries(masks)) {
        const origin = `environment M2M_${key.toUpperCase().replace(".", "_")}`;
        const { code, stdout, stderr } = sandbox.run(["config", "get", key], env);
        expect([code, stdout, stderr]).to.deep.equal([
          2,
          "",
          `m2m: ${key} is a secret and is not printed; it is kept in: ${origin}.\n`,
        ]);
        const document = JSON.parse(sandbox.run(["config", "get", key, "--json"], env).stdout);
        expect(document).to.deep.equal({ version: 1, key, value, masked: true, origin });
        const list = JSON.parse(sandbox.run(["config", "list", "--json"], env).stdout);
        expect(list.settings).to.deep.include({ key, value, masked: true, origin });
        for (const command of [
          ["list"],
          ["set", key, "redis://:open-sesame@x"],
          ["unset", key],
          ["unset", key, "--json"],
        ]) {
          const { stdout, stderr } = sandbox.run(["config", ...command], env);
          expect(stdout + stderr, command.join(" ")).not.to.include("open-sesame");
        }
      }
      const plain = JSON.parse(sandbox.run(["config", "get", "server.port", "--json"]).stdout);
      expect(plain).to.not.have.property("masked");
    });

    it("changes the file that M2M_CONFIG names, though it is not there yet", () => {
      const env = { M2M_CONFIG: "own.toml" };
      expect(sandbox.run(["config", "set", "server.port", "1"], env).code).to.equal(0);
      expect(sandbox.run(["config", "get", "server.port"], env).stdout).to.equal("1\n");
    });

    it("says what overrides the new value", () => {
      const args = ["config", "set", "server.port", "1"];
      const env = { M2M_SERVER_PORT: "2" };
      expect(sandbox.run(args, env).stderr).to.include("environment M2M_SERVER_PORT says otherwise.");
      expect(JSON.parse(sandbox.run([...args, "--json"], env).stdout).overriddenBy).to.equal(
        "environment M2M_SERVER_PORT",
      );
    });

    it("writes nothing for a bad key or value", () => {
      const value = sandbox.run(["config", "set", "compression.quality", "12"]);
      expect([value.code, value.stdout]).to.deep.equal([2, ""]);
      expect(value.stderr).to.equal('m2m: compression.quality takes an integer from 0 to 11, not "12".\n');
      expect(sandbox.run(["config", "set", "compression.qualty", "1"]).code).to.equal(2);
      expect(sandbox.run(["config", "set", "compression.quality"]).code).to.equal(2);
      expect(existsSync(userFile)).to.equal(false);
    });

    it("fails with 4 where it cannot write", () => {
      sandbox.write(".m2m", "a file where the folder should be");
      const { code, stderr } = sandbox.run(["config", "set", "server.port", "1"]);
      expect(code).to.equal(4);
      expect(stderr).to.include(`Cannot write ${userFile}: `);
    });
  });

  describe("set and unset", () => {
    it("mend a file with the tool alone", () => {
      const path = sandbox.write(".m2m/config.toml", "[compression]\nquality = 99\n[server]\nport = true\n");
      expect(sandbox.run(["config", "list"]).code).to.equal(2);
      const set = sandbox.run(["config", "set", "compression.quality", "9"]);
      expect(set.code).to.equal(0);
      expect(set.stderr).to.include(`The settings are not usable yet: ${path}:4: server.port takes`);
      const unset = sandbox.run(["config", "unset", "server.port"]);
      expect([unset.code, unset.stderr]).to.deep.equal([
        0,
        `server.port is out of ${path}.\nIt is 3000 now: default.\n`,
      ]);
      expect(readFileSync(path, "utf8")).to.equal("[compression]\nquality = 9\n[server]\n");
      expect(sandbox.run(["config", "list"]).code).to.equal(0);
    });

    it("unset prints JSON", () => {
      sandbox.write("project/m2m.toml", "server.port = 1\n");
      const document = { version: 1, key: "server.port", file: projectFile, value: 3000, origin: "default" };
      const run = () =>
        JSON.parse(sandbox.run(["config", "unset", "server.port", "--project", "--json"]).stdout);
      expect(run()).to.deep.equal({ ...document, removed: true });
      expect(run()).to.deep.equal({ ...document, removed: false });
    });

    it("set reads a path from the working directory", () => {
      sandbox.write("project/my.toml", "");
      expect(sandbox.run(["config", "set", "models.file", "my.toml"]).code).to.equal(0);
      expect(sandbox.run(["config", "get", "models.file"]).stdout).to.equal(
        `${join(sandbox.project, "my.toml")}\n`,
      );
    });
  });

  it("names the setting behind a models file that is wrong", () => {
    const path = sandbox.write("bad.toml", "nope = 1\n");
    const { code, stderr } = sandbox.run(["models", "list"], { M2M_MODELS_FILE: path });
    expect(code).to.equal(2);
    expect(stderr).to.include(`m2m: models.file (environment M2M_MODELS_FILE): ${path}:1: `);
  });

  it("makes no folder for settings where HOME is empty", () => {
    const { stdout } = sandbox.run(["config", "path"], { HOME: "", USERPROFILE: "" });
    expect(stdout).not.to.include(sandbox.project);
  });

  it("shows what would act on a terminal", () => {
    sandbox.write(".m2m/config.toml", '[models]\nfile = "a\\u001b[31m\\tb"\n');
    const { stdout } = sandbox.run(["config", "list"]);
    expect(stdout).to.include("a\\x1b[31m\\tb").and.not.to.include("\u001b");
  });

  describe("path", () => {
    it("prints the user file, and notes that there is none", () => {
      expect(sandbox.run(["config", "path"])).to.deep.equal({
        code: 0,
        stdout: `${userFile}\n`,
        stderr: "There is no such file yet.\n",
      });
      sandbox.write(".m2m/config.toml", "");
      expect(sandbox.run(["config", "path"]).stderr).to.equal("");
    });

    it("prints the project's, the nearest upwards", () => {
      expect(sandbox.run(["config", "path", "--project", "--quiet"]).stdout).to.equal(`${projectFile}\n`);
      const above = sandbox.write("m2m.toml", "");
      expect(sandbox.run(["config", "path", "--project"]).stdout).to.equal(`${above}\n`);
    });

    it("says that what is there gives no settings", function () {
      // There a file in place of a folder is as if there were nothing.
      if (process.platform === "win32") this.skip();
      const env = { M2M_HOME: sandbox.write("taken", "") };
      expect(sandbox.run(["config", "path"], env).stderr).to.include("No settings can be read there");
      expect(sandbox.run(["config", "list"], env)).to.include({ code: 4, stdout: "" });
    });

    it("prints JSON, and needs no valid settings", () => {
      sandbox.write(".m2m/config.toml", "not toml");
      const { code, stdout } = sandbox.run(["config", "path", "--json"]);
      expect([code, JSON.parse(stdout)]).to.deep.equal([0, { version: 1, path: userFile, exists: true }]);
    });
  });
});
