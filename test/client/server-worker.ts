// A server as a process of its own, whose sessions are in Redis; started by a test that kills it.
import { startTestServer } from "../server/start-server.js";

const server = await startTestServer({ store: process.argv[2] });
process.send?.({ port: server.port });
