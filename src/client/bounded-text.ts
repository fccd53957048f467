import { connectionFailed } from "./failures.js";

/**
 * The text of an answer, which is left as soon as it is longer: a server need not come to an end.
 * @throws {UpstreamError} `M2M_CONNECTION_FAILED` over `maxBytes`
 */
export async function readBoundedText(response: Response, maxBytes: number): Promise<string> {
  const { body } = response;
  if (!body) return "";
  const decoder = new TextDecoder();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    sizeBytes += value.byteLength;
    if (sizeBytes > maxBytes) {
      // Why it ends is known: that it ends is not waited for.
      reader.cancel().catch(() => {});
      throw connectionFailed(`The answer of the server is over ${maxBytes} bytes.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
