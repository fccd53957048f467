export { SseEvent, type SseFields } from "./event.js";
export { SseReader, type SseReaderOptions } from "./reader.js";
export { writeSse } from "./writer.js";
