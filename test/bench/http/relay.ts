// The least that a proxy in Node can do: node --import tsx relay.ts PORT UPSTREAM. Nothing is read, counted or limited.
import { createServer } from "node:http";
import { Pool } from "undici";

const [port, upstream] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 256, pipelining: 1 });
const DROPPED = new Set(["connection", "keep-alive", "transfer-encoding"]);

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const headers: Record<string, string> = { ...(request.headers as Record<string, string>) };
    for (const name of ["host", "connection", "content-length"]) delete headers[name];
    pool.dispatch(
      { path: request.url!, method: request.method as "POST", headers, body: Buffer.concat(chunks) },
      {
        onRequestStart: () => {},
        onResponseStart: (_, status, answered) => {
          const kept = Object.entries(answered).filter(([name]) => !DROPPED.has(name));
          response.writeHead(status, Object.fromEntries(kept) as Record<string, string>);
        },
        onResponseData: (_, chunk) => void response.write(chunk),
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    );
  });
}).listen(Number(port), "127.0.0.1");
