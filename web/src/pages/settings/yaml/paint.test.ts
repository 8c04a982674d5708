import { describe, expect, it } from "vitest";

import { painted, wrongPart } from "./paint";

const tones = (line: string) => painted(line).filter(({ text }) => text.trim() !== "").map(({ tone, text }) => `${tone}:${text.trim()}`);

describe("painted", () => {
  it.each([
    ["server:", ["key:server", "mark::"]],
    ["  port: 9000  # ours", ["key:port", "mark::", "number:9000", "comment:# ours"]],
    ["  - name: 'a b'", ["mark:-", "key:name", "mark::", "text:'a b'"]],
    ["    password: '***'", ["key:password", "mark::", "mask:'***'"]],
    ["  url: rtsp://***@h/x", ["key:url", "mark::", "mask:rtsp://***@h/x"]],
    ["# a: b", ["comment:# a: b"]],
    ["on: true", ["key:on", "mark::", "word:true"]],
    ["{a: [1, x]}", ["mark:{", "text:a:", "mark:[", "number:1", "mark:,", "text:x", "mark:]", "mark:}"]],
  ])("%j", (line, expected) => {
    expect(tones(line)).toEqual(expected);
  });

  it("leaves nothing out", () => {
    for (const line of ["", "\tx", "a: 'open", 'b: "q" # c', "- - x: |", "   "]) expect(painted(line).map(({ text }) => text).join("")).toBe(line);
  });
});

describe("wrongPart", () => {
  it.each([
    ["  prot: 1", 3, [2, 6]],
    ["", 1, [0, 1]],
    ["\tx", 1, [0, 1]],
    ["abc", 99, [2, 3]],
  ])("of %j at %i", (line, column, expected) => {
    const { start, end } = wrongPart(line, column);
    expect([start, end]).toEqual(expected);
  });
});
