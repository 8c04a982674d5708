import { describe, expect, it } from "vitest";

import { lineDiff, nearChanges } from "./lineDiff";

const told = (before: string, after: string) => lineDiff(before, after).map(({ kind, text }) => `${{ same: " ", gone: "-", new: "+" }[kind]}${text}`);

describe("lineDiff", () => {
  it.each([
    ["a\nb\nc", "a\nb\nc", [" a", " b", " c"]],
    ["a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
    ["a\nc", "a\nb\nc", [" a", "+b", " c"]],
    ["a\nb\nc", "c", ["-a", "-b", " c"]],
    ["a\nb\na\nb", "b\na\nb\na", ["-a", " b", " a", " b", "+a"]],
    ["", "a", ["-", "+a"]],
  ])("leads from %j to %j", (before, after, expected) => {
    expect(told(before, after)).toEqual(expected);
  });

  it("numbers the lines of both sides", () => {
    const [, gone, made, last] = lineDiff("a\nb\nc", "a\nx\nc");
    expect([gone?.before, gone?.after, made?.before, made?.after, last?.before, last?.after]).toEqual([2, null, null, 2, 3, 3]);
  });

  it("gives up on the shortest way where the table would be too large", () => {
    const old = Array.from({ length: 3000 }, (_, index) => `old ${String(index)}`).join("\n");
    const now = Array.from({ length: 3000 }, (_, index) => `new ${String(index)}`).join("\n");
    expect(lineDiff(old, now).filter(({ kind }) => kind === "new")).toHaveLength(3000);
  });
});

describe("nearChanges", () => {
  it("leaves out what is far from any change", () => {
    const text = Array.from({ length: 20 }, (_, index) => String(index));
    const lines = nearChanges(lineDiff(text.join("\n"), text.with(10, "x").join("\n")), 1);
    expect(lines.map((line) => line && line.text)).toEqual([null, "9", "10", "x", "11", null]);
  });
});
