import type { PreviewFrame } from "./facts";

/** One live picture as the WebSocket brings it. */
export interface LiveMessage {
  readonly header: PreviewFrame;
  readonly payload: Uint8Array<ArrayBuffer>;
}

const LENGTH_BYTES = 4;
const decoder = new TextDecoder();

/** Split a binary message: 4 bytes header length (little endian), header (JSON), payload.
 *
 * @throws RangeError when the lengths do not fit, SyntaxError when the header is no JSON.
 */
export function parseMessage(buffer: ArrayBuffer): LiveMessage {
  if (buffer.byteLength < LENGTH_BYTES) throw new RangeError("message without a header");
  const headerBytes = new DataView(buffer).getUint32(0, true);
  const payloadAt = LENGTH_BYTES + headerBytes;
  if (payloadAt > buffer.byteLength) throw new RangeError("header is longer than its message");
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, LENGTH_BYTES, headerBytes))) as PreviewFrame;
  return { header, payload: new Uint8Array(buffer, payloadAt) };
}
