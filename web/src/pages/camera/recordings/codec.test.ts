import { describe, expect, it } from "vitest";

import { codecIn } from "./codec";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("codecIn", () => {
  it.each([
    ["\0\0\0\x18ftypisom\0\0\0\0moov\xff\x80trak stsd\0\0\0\x01\0\0\0\x90hvc1", "hevc"],
    ["\x1aE\xdf\xa3matroska \x86\x8fV_MPEG4/ISO/AVC", "h264"],
    ["\0\0\0\x18ftypisom avcC avc1", "h264"],
    ["not a video", ""],
    ["", ""],
  ])("%j: %s", (beginning, codec) => {
    expect(codecIn(bytes(beginning))).toBe(codec);
  });
});
