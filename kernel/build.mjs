// Builds kernel/context.ts into src/codec/context/kernel/kernel.gen.ts: node kernel/build.mjs
// AssemblyScript is fetched by npx and is no dependency; the version is fixed, so that the same source gives the same bytes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kernel-"));
try {
  const out = join(folder, "kernel.wasm");
  execFileSync(
    "npx",
    [
      "-y",
      "-p",
      "assemblyscript@0.28.20",
      "asc",
      "kernel/context.ts",
      "-O3",
      "--runtime",
      "stub",
      "--noAssert",
      "--enable",
      "simd",
      "--enable",
      "bulk-memory",
      "--initialMemory",
      "480",
      "--maximumMemory",
      "480",
      "-o",
      out,
    ],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  const text = readFileSync(out).toString("base64");
  writeFileSync(
    join(root, "src/codec/context/kernel/kernel.gen.ts"),
    `// Made by \`node kernel/build.mjs\` from kernel/context.ts. Do not edit.\n\n/** The kernel's WebAssembly module, in base64. */\nexport const KERNEL =\n  "${text}";\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
