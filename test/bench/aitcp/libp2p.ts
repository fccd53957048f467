import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Handshakes of Noise in js-libp2p, in a process of its own.
 * @param folder where `@chainsafe/libp2p-noise`, `@libp2p/crypto`, `@libp2p/peer-id`, `@libp2p/logger` and `@libp2p/utils` are installed
 */
export function libp2pHandshakes(folder: string, ms: number): number {
  const input = readFileSync(new URL("libp2p-handshakes.mjs", import.meta.url));
  // A script on stdin finds its packages from the folder that it runs in.
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-", String(ms)], {
    cwd: folder,
    input,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`js-libp2p does not run in ${folder}: ${stderr}`);
  return Number(stdout);
}
