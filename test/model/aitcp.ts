/**
 * Goes through all that can happen to AI-TCP at a small size, with the classes that run in earnest, and prints how much that was:
 *
 *     node --import tsx test/model/aitcp.ts [DEPTH]
 *
 * Handshakes: all states that an attacker on the line can bring about. Streams: all sequences of actions up to DEPTH, 7 if it is not given,
 * which takes about six times as long for each one more. It ends with 1 if a state breaks what docs/spec/aitcp-security.md promises.
 */
import { pathToFileURL } from "node:url";
import { HandshakeModel, type Scenario } from "./aitcp/handshakes.js";
import { checkStreams } from "./aitcp/streams.js";

/** By what they cost, the cheapest first. */
export const SCENARIOS: readonly Scenario[] = [
  { pattern: "IK", hasCookies: false, hasEarly: false, responders: 1 },
  { pattern: "IKpsk2", hasCookies: false, hasEarly: false, responders: 1 },
  { pattern: "IKpsk2", hasCookies: false, hasEarly: true, responders: 1 },
  { pattern: "XX", hasCookies: false, hasEarly: false, responders: 1 },
  { pattern: "IK", hasCookies: false, hasEarly: false, responders: 2 },
  { pattern: "IKpsk2", hasCookies: false, hasEarly: true, responders: 2 },
  { pattern: "IK", hasCookies: true, hasEarly: false, responders: 1 },
  { pattern: "IKpsk2", hasCookies: true, hasEarly: true, responders: 1 },
  { pattern: "XX", hasCookies: false, hasEarly: false, responders: 2 },
  { pattern: "XX", hasCookies: true, hasEarly: false, responders: 1 },
];

async function main(depth: number): Promise<void> {
  console.log(
    "| handshake | cookies | early frames | connections | states | packets given, at most | packets to choose from, at most |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const scenario of SCENARIOS) {
    const { states, depth: most, packets } = await new HandshakeModel(scenario).run();
    const { pattern, hasCookies, hasEarly, responders } = scenario;
    const yes = (value: boolean): string => (value ? "yes" : "no");
    console.log(
      `| ${pattern} | ${yes(hasCookies)} | ${yes(hasEarly)} | ${responders} | ${states} | ${most} | ${packets} |`,
    );
  }
  const { sequences } = checkStreams(depth);
  console.log(`\nStreams: ${sequences} sequences of up to ${depth} actions.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(Number(process.argv[2] ?? 7));
