/** A client of its own: `client-process.ts URL NAME`. It sends messages on one stream until it is ended, and prints each that is acknowledged. */
import { connectAiTcp } from "../../../../src/transport/aitcp/index.js";
import { alice, bob, SOON, trusts } from "../agents.js";
import { labelOf, nameOf } from "./transfer.js";

const [, , url = "", name = ""] = process.argv;

const session = await connectAiTcp(url, { identity: alice, trust: trusts(bob), reconnect: SOON });
const stream = session.openStream();
for (let number = 0; ; number++) {
  const text = nameOf(name, 0, number);
  await stream.send(text);
  process.stdout.write(`${labelOf(text)}\n`);
}
