import { expect } from "chai";
import { InputError } from "../../src/shared/errors.js";
import { parseToml, scanToml } from "../../src/shared/toml.js";

const TEXT = `# comment with [brackets] and a = 1
title = "a # b = [c]" # end
"quoted \\u0061" = 1
'lit.eral'.x . "y" = [ # list
  "]", '[', # still the list ]
  { z = 1 },
]
multi = """
[not.a.table]
key = 1 \\"""
"""
raw = '''
[nor.this] ''''

  [ table . "sub" ]
  key = 2026-01-01 07:00:00

[[items]]
name = 1
[[items.parts]]
n = 1
[[items.parts]]
n = 2
[[items]]
name = 2
[items.more]
last = true`;

describe("shared/toml", () => {
  it("finds every entry and header, and what its value is", () => {
    const { entries, headers } = scanToml(TEXT);
    expect(
      entries.map(({ path, valueStart, valueEnd }) => [path.join("|"), TEXT.slice(valueStart, valueEnd)]),
    ).to.deep.equal([
      ["title", '"a # b = [c]"'],
      ["quoted a", "1"],
      ["lit.eral|x|y", "[ # list\n  \"]\", '[', # still the list ]\n  { z = 1 },\n]"],
      ["multi", '"""\n[not.a.table]\nkey = 1 \\"""\n"""'],
      ["raw", "'''\n[nor.this] ''''"],
      ["table|sub|key", "2026-01-01 07:00:00"],
      ["items|0|name", "1"],
      ["items|0|parts|0|n", "1"],
      ["items|0|parts|1|n", "2"],
      ["items|1|name", "2"],
      ["items|1|more|last", "true"],
    ]);
    expect(headers.map(({ path }) => path.join("|"))).to.deep.equal([
      "table|sub",
      "items|0",
      "items|0|parts|0",
      "items|0|parts|1",
      "items|1",
      "items|1|more",
    ]);
  });

  it("gives the line of a path, or of what holds it", async () => {
    const { lineOf, root } = await parseToml(TEXT, "x.toml", "M2M_CONFIG_INVALID");
    expect(root).to.have.property("title", "a # b = [c]");
    expect(lineOf(["title"])).to.equal(2);
    expect(lineOf(["lit.eral"])).to.equal(4);
    expect(lineOf(["lit.eral", "x", "y", "2", "z"])).to.equal(4);
    expect(lineOf(["multi"])).to.equal(8);
    expect(lineOf(["table"])).to.equal(15);
    expect(lineOf(["table", "sub", "key"])).to.equal(16);
    expect(lineOf(["items", "1", "name"])).to.equal(25);
    expect(lineOf(["items", "1", "missing"])).to.equal(24);
    expect(lineOf(["missing"])).to.equal(1);
  });

  it("counts lines the same with CRLF and behind a byte order mark", async () => {
    const text = "\ufeff[a]\r\nb = 1\r\n\r\nc = 2\r\n";
    const { lineOf, root } = await parseToml(text, "x.toml", "M2M_CONFIG_INVALID");
    expect(root).to.deep.equal({ a: { b: 1, c: 2 } });
    expect([lineOf(["a"]), lineOf(["a", "b"]), lineOf(["a", "c"])]).to.deep.equal([1, 2, 4]);
    const [first] = scanToml(text).entries;
    expect(text.slice(first.valueStart, first.valueEnd)).to.equal("1");
  });

  it("refuses what is no TOML, with its place", async () => {
    const error = await parseToml("a = 1\nb = = 2\n", "x.toml", "M2M_CONFIG_INVALID").catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(InputError).and.to.include({ code: "M2M_CONFIG_INVALID", line: 2 });
    expect((error as InputError).message).to.match(/^x\.toml:2:\d+: This is not valid TOML: .+\.$/);
    expect((error as InputError).message).not.to.include("\n");
  });

  it("keeps prototype keys as ordinary keys", async () => {
    const { root } = await parseToml(
      "[__proto__]\nx = 1\n[a]\n__proto__ = 2\n",
      "x.toml",
      "M2M_CONFIG_INVALID",
    );
    expect(Object.keys(root)).to.deep.equal(["__proto__", "a"]);
    expect(Object.prototype).not.to.have.property("x");
  });
});
