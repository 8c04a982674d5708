import { describe, expect, it } from "vitest";

import { codecString } from "./annexb";

describe("codecString", () => {
  it("reads profile, constraints and level from the parameter set", () => {
    expect(codecString(Uint8Array.of(0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0xd9))).toBe("avc1.42c01e");
  });

  it("finds the parameter set behind another unit, with a short start code", () => {
    expect(codecString(Uint8Array.of(0, 0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x27, 0x64, 0x00, 0x28, 1))).toBe("avc1.640028");
  });

  it("says null for an access unit without a parameter set", () => {
    expect(codecString(Uint8Array.of(0, 0, 0, 1, 0x41, 0x9a, 0x00, 0x1e, 0xd9))).toBeNull();
  });

  it("says null for a truncated parameter set", () => {
    expect(codecString(Uint8Array.of(0, 0, 1, 0x67, 0x42))).toBeNull();
  });
});
