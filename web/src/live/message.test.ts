import { describe, expect, it } from "vitest";

import { parseMessage } from "./message";

function message(header: string, payload: readonly number[], claimedBytes?: number): ArrayBuffer {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(4 + text.length + payload.length);
  new DataView(bytes.buffer).setUint32(0, claimedBytes ?? text.length, true);
  bytes.set(text, 4);
  bytes.set(payload, 4 + text.length);
  return bytes.buffer;
}

describe("parseMessage", () => {
  it("splits header and payload", () => {
    const { header, payload } = parseMessage(message('{"seq":7,"codec":"jpeg"}', [255, 216, 1]));
    expect(header.seq).toBe(7);
    expect([...payload]).toEqual([255, 216, 1]);
  });

  it("reads a header that is not plain ASCII", () => {
    const { header } = parseMessage(message('{"seq":1,"facts":{"seq":1,"pts_s":0,"tracks":[{"label":"人"}]}}', [9]));
    expect(header.facts?.tracks?.[0]?.label).toBe("人");
  });

  it("refuses a header that is longer than its message", () => {
    expect(() => parseMessage(message("{}", [], 999))).toThrow(RangeError);
  });

  it("refuses a message without a header", () => {
    expect(() => parseMessage(new ArrayBuffer(3))).toThrow(RangeError);
  });
});
