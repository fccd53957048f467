import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BINARY, CliFolder, ended } from "../helpers/run-cli.js";

const REQUEST = '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}';
const WIRE = '#T1|{"M":"4o","m":[{"r":"u","c":"Hello"}]}';
const KEY = "11".repeat(32);
const isWindows = process.platform === "win32";

describe("m2m as a process", () => {
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  /** Exit code, stdout as text and the first line of stderr. */
  function outcome(args: readonly string[], input?: string | Uint8Array) {
    const { code, stderr, stdout } = folder.run(args, { input });
    return { code, stdout: stdout.toString(), stderr: stderr.split("\n")[0] };
  }

  describe("input", () => {
    it("is the argument, piped stdin, - or a file", () => {
      writeFileSync(join(folder.path, "request.json"), REQUEST);
      const args = ["compress", "--algorithm", "token"];
      expect(outcome([...args, REQUEST]).stdout).to.equal(WIRE);
      expect(outcome(args, REQUEST).stdout).to.equal(WIRE);
      expect(outcome([...args, "-"], REQUEST).stdout).to.equal(WIRE);
      expect(outcome([...args, "--file", "request.json"]).stdout).to.equal(WIRE);
      expect(outcome([...args, "--file", "-"], REQUEST).stdout).to.equal(WIRE);
    });

    it("is not read from stdin if an argument or a file was given", async () => {
      writeFileSync(join(folder.path, "request.json"), REQUEST);
      for (const args of [
        ["decompress", WIRE],
        ["tokens", "--file", "request.json"],
        ["analyze", REQUEST],
      ]) {
        // Stdin stays open and silent: whoever reads it waits for ever.
        const child = folder.start(args);
        expect(await ended(child), args[0]).to.deep.equal({ code: 0, signal: null });
      }
    });

    it("is any bytes", () => {
      const bytes = Buffer.from([0, 255, 10, 13, 10, 0xc3, 0x28, ...Buffer.from("x".repeat(5000))]);
      const wire = folder.run(["compress"], { input: bytes });
      expect([wire.code, wire.stderr]).to.deep.equal([0, ""]);
      expect(folder.run(["decompress"], { input: wire.stdout }).stdout.equals(bytes)).to.equal(true);
    });

    it("refuses the name of a file as a literal, but not JSON or a wire of that name", () => {
      writeFileSync(join(folder.path, "request"), REQUEST);
      writeFileSync(join(folder.path, "123"), REQUEST);
      const refused = folder.run(["compress", "request"]);
      expect(refused.code).to.equal(2);
      expect(refused.stderr).to.equal(
        'm2m: "request" is the name of a file. Did you mean --file?\n' +
          "  Use --file request for its content, or pipe the text in if you mean the name.\n",
      );
      expect(outcome(["compress", "123"])).to.deep.equal({ code: 0, stdout: "123", stderr: "" });
    });

    it("cannot be two things", () => {
      writeFileSync(join(folder.path, "a"), "a");
      expect(outcome(["tokens", "x", "--file", "a"]).code).to.equal(2);
      expect(outcome(["tokens", "--file", "-", "-"]).code).to.equal(2);
    });

    it("shows names without letting them act on the terminal", () => {
      const { stderr } = outcome(["tokens", "--file", "a\u001b[31m\rb\u202e"]);
      expect(stderr).to.equal("m2m: Cannot read a\\x1b[31m\\rb\\u{202e}: there is no such file or folder.");
    });

    it("says which file cannot be read", () => {
      expect(outcome(["tokens", "--file", ""]).stderr).to.equal('m2m: Cannot read "": the path is empty.');
      const stderr = "m2m: Cannot read missing.json: there is no such file or folder.";
      expect(outcome(["analyze", "--file", "missing.json"])).to.deep.equal({ code: 4, stdout: "", stderr });
      expect(outcome(["tokens", "--file", "."]).code).to.equal(4);
    });

    it("stops at the limit", () => {
      const { code, stderr } = outcome(["compress", "--max-bytes", "10"], "x".repeat(11));
      expect([code, stderr]).to.deep.equal([3, "m2m: The input has more than the limit of 10 bytes."]);
      const bomb = outcome(["compress", "--algorithm", "brotli"], "x".repeat(100_000)).stdout;
      expect(outcome(["decompress", "--max-bytes", "1000", bomb]).code).to.equal(3);
    });
  });

  describe("output", () => {
    it("is exact in a pipe: no final newline is added", () => {
      for (const content of ["", "a", "a\n", "a\r\n\n"]) {
        const wire = folder.run(["compress"], { input: content }).stdout;
        expect(folder.run(["decompress"], { input: wire }).stdout.toString()).to.equal(content);
      }
    });

    it("goes to a file that appears when it is complete", () => {
      expect(outcome(["compress", "--output", "out.wire", "--algorithm", "token", REQUEST]).code).to.equal(0);
      expect(readFileSync(join(folder.path, "out.wire"), "utf8")).to.equal(WIRE);
      expect(readdirSync(folder.path)).to.deep.equal(["out.wire"]);
    });

    it("does not overwrite a file without --force, and leaves nothing behind", () => {
      writeFileSync(join(folder.path, "out"), "old");
      const { code, stderr } = outcome(["decompress", "--output", "out", WIRE]);
      expect([code, stderr]).to.deep.equal([2, "m2m: out exists."]);
      expect(readFileSync(join(folder.path, "out"), "utf8")).to.equal("old");
      expect(outcome(["decompress", "--output", "out", "--force", WIRE]).code).to.equal(0);
      expect(readFileSync(join(folder.path, "out"), "utf8")).to.equal(REQUEST);
      expect(readdirSync(folder.path)).to.deep.equal(["out"]);
    });

    it("keeps the old file if the work fails", () => {
      writeFileSync(join(folder.path, "out"), "old");
      expect(outcome(["decompress", "--output", "out", "--force", "#TK|C|*"]).code).to.equal(3);
      expect(
        outcome(["decompress", "--lines", "--output", "new", "--key", KEY], "#M2M|1|broken\n").code,
      ).to.equal(3);
      expect(readFileSync(join(folder.path, "out"), "utf8")).to.equal("old");
    });

    it("says why it cannot be written", () => {
      mkdirSync(join(folder.path, "sub"));
      expect(outcome(["compress", "--output", "sub", "x"])).to.include({
        code: 4,
        stderr: "m2m: Cannot write sub: it is a directory.",
      });
      const cases: [string, string][] = [
        ["none/x", "there is no folder none"],
        ["none/", "there is no folder none"],
        ["sub/", "it is a directory"],
        ["", "the path is empty"],
        ["n".repeat(300), "the name is too long"],
      ];
      if (!isWindows) {
        symlinkSync("loop", join(folder.path, "loop"));
        symlinkSync("none/x", join(folder.path, "astray"));
        cases.push(
          ["astray", "it is a link into a folder that is not there"],
          ["loop", "symbolic links lead in a circle"],
          ["loop/x", "symbolic links lead in a circle"],
        );
      }
      if (process.platform === "linux") cases.push(["/proc/x", "no file can be made in /proc"]);
      for (const [path, why] of cases) {
        for (const extra of [[], ["--force"]]) {
          expect(outcome(["compress", "--output", path, "x", ...extra])).to.deep.equal({
            code: 4,
            stdout: "",
            stderr: `m2m: Cannot write ${path || '""'}: ${why}.`,
          });
        }
      }
      expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
    });

    it("takes a name as long as names can be", () => {
      expect(outcome(["compress", "--output", "n".repeat(255), "x"]).code).to.equal(0);
    });

    it("follows a link, also to a file that is not there yet, and keeps permissions", function () {
      if (isWindows) this.skip();
      const path = (name: string) => join(folder.path, name);
      mkdirSync(path("sub"));
      symlinkSync(join("sub", "second"), path("first"));
      symlinkSync("real", path("sub/second"));
      expect(outcome(["compress", "--output", "first", "one"]).code).to.equal(0);
      expect(readFileSync(path("sub/real"), "utf8")).to.equal("one");
      chmodSync(path("sub/real"), 0o640);
      expect(outcome(["compress", "--output", "first", "two"]).code).to.equal(2);
      expect(outcome(["compress", "--output", "first", "two", "--force"]).code).to.equal(0);
      expect(readFileSync(path("sub/real"), "utf8")).to.equal("two");
      expect(statSync(path("sub/real")).mode & 0o777).to.equal(0o640);
      expect([lstatSync(path("first")).isSymbolicLink(), readdirSync(path("sub")).sort()]).to.deep.equal([
        true,
        ["real", "second"],
      ]);
    });

    it("may be binary in a pipe", () => {
      const args = ["compress", "--algorithm", "token-native", "--binary"];
      const { code, stdout } = folder.run(args, { input: "Hello" });
      expect(code).to.equal(0);
      expect(stdout[0]).to.equal(0);
      expect(folder.run(["decompress"], { input: stdout }).stdout.toString()).to.equal("Hello");
    });
  });

  describe("exit codes and errors", () => {
    const cases: [string, string[], number, string][] = [
      ["an unknown command", ["compres", "x"], 2, "M2M_USAGE"],
      ["an unknown flag", ["compress", "--nope", "x"], 2, "M2M_USAGE"],
      ["a bad value of a flag", ["compress", "--quality", "12", "x"], 2, "M2M_USAGE"],
      ["too many arguments", ["compress", "x", "y"], 2, "M2M_USAGE"],
      ["an unknown model", ["tokens", "--model", "gpt-4oo", "x"], 2, "M2M_MODEL_UNKNOWN"],
      ["a bad key", ["decompress", "--key", "11", "x"], 2, "M2M_KEY_INVALID"],
      ["a malformed wire", ["decompress", "#TK|C|***="], 3, "M2M_BASE64_INVALID"],
      ["a wire of another prior", ["decompress", "#M2M[d1]|sQA2exPsTg=="], 3, "M2M_PRIOR_MISSING"],
      ["a missing file", ["tokens", "--file", "missing"], 4, "M2M_FILE_READ"],
    ];
    for (const [what, args, code, errorCode] of cases) {
      it(`${what} exits ${code}, with one line and perhaps a hint on stderr, or as JSON on stdout`, () => {
        const plain = folder.run(args);
        expect([plain.code, plain.stdout.toString()]).to.deep.equal([code, ""]);
        expect(plain.stderr).to.match(/^m2m: [^\n]+\n( {2}[^\n]+\n)?$/);
        const json = folder.run([...args, "--json"]);
        expect([json.code, json.stderr]).to.deep.equal([code, ""]);
        const { error, ...rest } = JSON.parse(json.stdout.toString());
        expect(rest).to.deep.equal({});
        expect(error.code).to.equal(errorCode);
        expect(Object.keys(error).filter((key) => !["code", "message", "hint"].includes(key))).to.deep.equal(
          [],
        );
        expect(plain.stderr).to.include(error.message);
      });
    }

    it("never show a key", () => {
      writeFileSync(join(folder.path, "raw.key"), Buffer.alloc(32));
      for (const extra of [["--key-file", "raw.key"], ["x", "y"], ["--nope"], ["--key", KEY], ["--file"]]) {
        const { code, stderr } = folder.run(["decompress", "--key", KEY, ...extra, "--verbose"]);
        expect(code, extra.join(" ")).to.equal(2);
        expect(stderr).not.to.include("1111");
      }
      expect(outcome(["decompress", "--key", KEY, "--key-file", "raw.key"]).stderr).to.equal(
        "m2m: --key and --key-file exclude each other.",
      );
    });

    it("suggest the command that was meant, or nothing rather than a bad guess", () => {
      const said = (...args: string[]) => [folder.run(args).code, folder.run(args).stderr];
      const compress = 'm2m: "compres" is no command of m2m.\n  Did you mean "m2m compress"? See m2m help.\n';
      expect(said("compres", "x")).to.deep.equal([2, compress]);
      expect(said("help", "compres")).to.deep.equal([2, compress]);
      expect(said("compres", "--help")).to.deep.equal([2, compress]);
      expect(folder.run(["models", "lst"]).stderr).to.include('Did you mean "m2m models list"?');
      expect(folder.run(["help", "models", "lst"]).stderr).to.include('Did you mean "m2m models list"?');
      expect(said("nope")).to.deep.equal([2, 'm2m: "nope" is no command of m2m.\n  See m2m help.\n']);
      expect(said("--jsn", "compress")).to.deep.equal([
        2,
        "m2m: A command comes first, then its flags; --jsn is none.\n  See m2m help.\n",
      ]);
      expect(JSON.parse(folder.run(["help", "nope", "--json"]).stdout.toString()).error.code).to.equal(
        "M2M_USAGE",
      );
    });

    it("hint at --file where files stand as arguments", () => {
      expect(folder.run(["tokens", "a.txt", "b.txt"]).stderr).to.equal(
        "m2m: tokens takes one argument, not 2.\n" +
          "  Every file stands behind a --file (-f) of its own; a text with blanks is quoted.\n",
      );
    });

    it("name the completion's folder if it cannot be made", () => {
      writeFileSync(join(folder.path, "file"), "");
      const env = { HOME: join(folder.path, "file"), XDG_CACHE_HOME: join(folder.path, "file", "cache") };
      const { code, stderr } = folder.run(["autocomplete"], { env });
      expect(code).to.equal(4);
      expect(stderr).to.match(
        /^(Building [^\n]+\n)?m2m: Cannot write [^\n]+: a part of the path is not a folder\.\n$/,
      );
    });

    it("refuse a folder where none can be made, and end", function () {
      if (process.platform !== "linux") this.skip();
      for (const [args, env] of [
        [["keygen"], { M2M_HOME: "/proc/nope" }],
        [["autocomplete", "bash"], { XDG_CACHE_HOME: "/proc/nope" }],
      ] as const) {
        const { code, stderr } = folder.run(args, { env });
        expect([code, stderr.startsWith("m2m: Cannot write /proc/nope/")], stderr).to.deep.equal([4, true]);
      }
    });

    it("note a word that looks like a file that is not there", () => {
      for (const [command, word] of [
        ["compress", "missing.json"],
        ["decompress", "missing.tk"],
        ["tokens", "docs/missing"],
      ]) {
        const { code, stderr } = folder.run([command, word]);
        expect([code, stderr.match(/There is no file [^:]+/)?.[0]], command).to.deep.equal([
          0,
          `There is no file ${word}`,
        ]);
        expect(folder.run([command, "--quiet", word]).stderr, command).to.equal("");
      }
      const wire = folder.run(["compress", "--algorithm", "brotli", "a/b".repeat(20)]).stdout.toString();
      for (const literal of [wire, '{"a":"b/c"}', "https://example.com/a.md", "word"])
        expect(folder.run(["decompress", literal]).stderr, literal).to.not.include("There is no file");
    });

    it("name the limit that was set", () => {
      const { code, stderr } = folder.run(["decompress", "--max-bytes", "1000", "--file", "/dev/zero"]);
      expect([code, stderr.split("\n")[0]]).to.deep.equal([
        3,
        "m2m: /dev/zero: The input has more than a wire needs for the limit of 1000 bytes.",
      ]);
    });

    it("say of a text that is no wire that it is text", () => {
      for (const args of [[], ["--lines"]]) {
        const { stdout } = folder.run(["decompress", "--json", ...args], { input: "plain" });
        expect(JSON.parse(stdout.toString())).to.include({
          algorithm: "none",
          form: "text",
          content: "plain",
        });
      }
    });

    it("shows the code and the causes with --verbose", () => {
      const { stderr } = folder.run(["tokens", "--verbose", "--file", "missing"]);
      expect(stderr).to.include("code: M2M_FILE_READ").and.to.include("caused by: Error: ENOENT");
    });

    it("refuses a wrong key", () => {
      const wire = outcome(["compress", "--algorithm", "m2m", "--key", KEY, REQUEST]).stdout;
      expect(outcome(["decompress", "--key", KEY, wire]).stdout).to.equal(REQUEST);
      expect(outcome(["decompress", "--key", "ff".repeat(32), wire]).code).to.equal(3);
      writeFileSync(join(folder.path, "raw.key"), Buffer.from(KEY, "hex"));
      writeFileSync(join(folder.path, "hex.key"), `${KEY}\n`);
      for (const file of ["raw.key", "hex.key"]) {
        expect(outcome(["decompress", "--key-file", file, wire]).stdout, file).to.equal(REQUEST);
      }
    });
  });

  (isWindows ? describe.skip : describe)("in a shell", () => {
    it("ends quietly when the reader goes", () => {
      const { stderr, stdout } = folder.shell(
        'seq 1 300000 | m2m compress --lines | head -c 1; echo -n " ${PIPESTATUS[1]}"',
      );
      expect([stdout.toString(), stderr]).to.deep.equal(["1 0", ""]);
    });

    it("refuses a folder as stdin", () => {
      const { code, stderr } = folder.shell("m2m tokens < .");
      expect([code, stderr]).to.deep.equal([4, "m2m: Cannot read stdin: it is a directory.\n"]);
    });

    it("reports a full device", function () {
      if (!existsSync("/dev/full")) this.skip();
      const { code, stderr } = folder.shell("m2m tokens hello > /dev/full");
      expect([code, stderr]).to.deep.equal([
        4,
        "m2m: Cannot write stdout: no space is left on the device.\n",
      ]);
      // It is no fault of the input.
      writeFileSync(join(folder.path, "request.json"), REQUEST);
      for (const line of ["scan --engine rules -f request.json", "compress --lines -f request.json"])
        expect(folder.shell(`m2m ${line} > /dev/full`).stderr, line).to.equal(stderr);
    });

    it("writes to devices and pipes as they are", () => {
      expect(folder.shell("m2m tokens hello --output /dev/null").code).to.equal(0);
      expect(folder.shell("m2m tokens hello --output /dev/stdout | cat").stdout.toString()).to.equal("1\n");
      expect(folder.shell("m2m tokens --file <(printf hello)").stdout.toString()).to.equal("1\n");
    });

    it("counts several files, and takes a bare word behind one as the text", () => {
      const { stdout } = folder.shell(
        "printf a > a.txt; printf 'b b b' > b.txt; m2m tokens -f a.txt -f b.txt",
      );
      expect(stdout.toString()).to.equal("1\ta.txt\n3\tb.txt\n4\ttotal\n");
      expect(folder.shell("m2m tokens --file *.txt").code).to.equal(2);
      expect(folder.shell("m2m tokens --models /dev/null Hello").stdout.toString()).to.equal("1\n");
    });

    it("keeps a message whole through a pipe", () => {
      writeFileSync(join(folder.path, "big"), Buffer.alloc(3_000_000, '{"a": 1.0}\r\n'));
      for (const algorithm of ["none", "token-native", "brotli", "m2m"]) {
        const line = `m2m compress --algorithm ${algorithm} --file big | m2m decompress | cmp - big`;
        expect(folder.shell(line), algorithm).to.include({ code: 0, stderr: "" });
      }
    });

    it("exits 130 on Ctrl-C, and leaves no file behind", async () => {
      for (const args of [
        ["compress", "--lines"],
        ["tokens", "--lines"],
      ]) {
        const child = folder.start(args);
        const answered = once(child.stdout!, "data");
        child.stdin?.write("first line\n");
        await answered;
        child.kill("SIGINT");
        // There is nothing to take away: between two waits the signal ends it, which is 130 for a shell too.
        const { code, signal } = await ended(child);
        expect(code ?? signal, args.join(" ")).to.be.oneOf([130, "SIGINT"]);
      }
      const child = folder.start(["compress", "--lines", "--output", "out"]);
      child.stdin?.write("first line\n");
      await temporaryFile();
      // The handler is installed before the file is made.
      child.kill("SIGINT");
      expect(await ended(child)).to.deep.equal({ code: 130, signal: null });
      expect(readdirSync(folder.path)).to.deep.equal([]);
    });

    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      it(`ends on ${signal} while nobody reads the pipe that it writes to`, async function () {
        const pipe = join(folder.path, "pipe");
        if (process.platform === "win32" || folder.shell("mkfifo pipe").code !== 0) this.skip();
        writeFileSync(join(folder.path, "big"), "a line\n".repeat(200_000));
        const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
        const args = ["compress", "--algorithm", "none", "--file", "big", "--output", "pipe"];
        const child = folder.start(args, {}, "ignore");
        const end = ended(child);
        // One byte has come: it writes what has no room.
        for (const byte = Buffer.alloc(1); !hasRead(reader, byte);) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        child.kill(signal);
        closeSync(reader);
        expect((await end).signal).to.equal(signal);
      });
    }

    function hasRead(descriptor: number, into: Uint8Array): boolean {
      try {
        return readSync(descriptor, into) > 0;
      } catch {
        return false;
      }
    }

    it("exits 130 on Ctrl-C while it reads a file from stdin, which never waits", async () => {
      // Sparse, and more than any machine counts before the signal comes.
      writeFileSync(join(folder.path, "big"), "");
      truncateSync(join(folder.path, "big"), 2 ** 40);
      const stdin = openSync(join(folder.path, "big"), "r");
      const child = folder.start(["compress", "--lines", "--output", "out"], {}, [stdin, "pipe", "pipe"]);
      await temporaryFile();
      child.kill("SIGINT");
      expect(await ended(child)).to.deep.equal({ code: 130, signal: null });
      closeSync(stdin);
      expect(readdirSync(folder.path)).to.deep.equal(["big"]);
    });

    it("writes a long message once, though stderr does not block", async function () {
      const pipe = join(folder.path, "pipe");
      if (process.platform !== "linux" || folder.shell("mkfifo pipe").code !== 0) this.skip();
      const stderr = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
      const name = "n".repeat(120_000);
      // Whoever starts a process makes its first three descriptors block; a shell passes the others on as they are.
      const script = 'exec "$0" "$1" tokens --file "$2" 2>&3';
      const child = spawn("bash", ["-c", script, process.execPath, BINARY, name], {
        stdio: ["ignore", "ignore", "ignore", stderr],
        env: { PATH: process.env.PATH, HOME: folder.path },
      });
      const end = ended(child);
      let running = true;
      void end.finally(() => (running = false));
      const parts: Buffer[] = [];
      for (;;) {
        const part = Buffer.alloc(1 << 20);
        const wasRunning = running;
        try {
          parts.push(part.subarray(0, readSync(stderr, part)));
        } catch {
          if (!wasRunning) break;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      closeSync(stderr);
      expect((await end).code).to.equal(4);
      expect(Buffer.concat(parts).toString()).to.equal(`m2m: Cannot read ${name}: the name is too long.\n`);
    });

    it("reports a file that grows too large", () => {
      const { code, stderr } = folder.shell(
        "head -c 100000 /dev/zero | tr '\\0' a > big; ulimit -f 8; m2m compress --algorithm none --file big --output out",
      );
      expect([code, stderr]).to.deep.equal([4, "m2m: Cannot write out: the file would be too large.\n"]);
      expect(readdirSync(folder.path)).to.deep.equal(["big"]);
    });

    /** Waits until the unfinished output of a running command is there. */
    async function temporaryFile(): Promise<void> {
      while (!readdirSync(folder.path).some((name) => name.endsWith(".tmp"))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  });

  describe("help", () => {
    it("comes with -h as with --help and help", () => {
      const help = (...args: string[]) => {
        const { code, stderr, stdout } = folder.run(args);
        expect([code, stderr], args.join(" ")).to.deep.equal([0, ""]);
        return stdout.toString();
      };
      expect(help("-h")).to.equal(help("--help")).and.to.equal(help()).and.to.equal(help("help"));
      expect(help("compress", "--nope", "-h"))
        .to.equal(help("compress", "--help"))
        .and.to.equal(help("help", "compress"));
      expect(help("models", "list", "-h")).to.equal(help("help", "models", "list"));
      expect(help("models", "-h")).to.equal(help("models")).and.to.equal(help("models", "--json"));
      expect(help("autocomplete", "-h")).to.include("autocomplete");
    });
  });

  describe("colours", () => {
    const args = ["analyze", REQUEST];
    it("are not in a pipe", () => {
      expect(outcome(args).stdout).not.to.include("\u001b[");
    });
    it("come with FORCE_COLOR, and go with NO_COLOR and --no-color", () => {
      const colored = (extra: string[], env: Record<string, string>) =>
        folder.run([...args, ...extra], { env }).stdout.includes("\u001b[");
      expect(colored([], { FORCE_COLOR: "1" })).to.equal(true);
      expect(colored([], { FORCE_COLOR: "0" })).to.equal(false);
      expect(colored([], { FORCE_COLOR: "1", NO_COLOR: "1" })).to.equal(false);
      expect(colored(["--no-color"], { FORCE_COLOR: "1" })).to.equal(false);
    });
  });
});
