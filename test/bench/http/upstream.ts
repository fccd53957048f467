// A provider that costs next to nothing: node --import tsx upstream.ts PORT. Raw sockets, fixed answers, no delay.
import { createServer } from "node:net";
import { CompleteRequests } from "./message.js";
import { CHAT_ANSWER, STREAM_EVENTS } from "./traffic.js";

const whole = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${Buffer.byteLength(CHAT_ANSWER)}\r\n\r\n${CHAT_ANSWER}`,
);
const streamHead = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n",
);
const streamChunks = STREAM_EVENTS.map((event) =>
  Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`),
);
const streamEnd = Buffer.from("0\r\n\r\n");

createServer({ noDelay: true }, (socket) => {
  const requests = new CompleteRequests();
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    for (const request of requests.add(bytes)) {
      if (!request.includes('"stream":true')) {
        socket.write(whole);
        continue;
      }
      // Each event is a write, as a provider flushes them.
      socket.write(streamHead);
      for (const chunk of streamChunks) socket.write(chunk);
      socket.write(streamEnd);
    }
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
