import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** Programs that tests meet as peers, beside `npm ci`. `scripts/install-peers.sh` installs them. */
const PEERS = {
  quic: fileURLToPath(new URL("../../node_modules/@infisical/quic/package.json", import.meta.url)),
  onnx: fileURLToPath(new URL("../../node_modules/onnxruntime-node/package.json", import.meta.url)),
  redis: "redis-server",
  chromium: "chromium",
  flatc: "flatc",
  python3: "python3",
  python: fileURLToPath(new URL("../../.peers/bin/python", import.meta.url)),
  schemathesis: fileURLToPath(new URL("../../.peers/bin/schemathesis", import.meta.url)),
} as const;
export type PeerName = keyof typeof PEERS;

/**
 * The program of a peer. A test without its peer is skipped, and fails where `M2M_REQUIRE_PEERS` says that all are there.
 * Call it in `before` or in a test.
 */
export function requirePeer(test: Mocha.Context, name: PeerName): string {
  const program = PEERS[name];
  const isThere = isAbsolute(program)
    ? existsSync(program)
    : spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  if (isThere) return program;
  if (process.env.M2M_REQUIRE_PEERS === "1") {
    throw new Error(`${program} is not installed: run scripts/install-peers.sh`);
  }
  test.skip();
}
