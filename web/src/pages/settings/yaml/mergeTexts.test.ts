import { describe, expect, it } from "vitest";

import { mergeTexts } from "./mergeTexts";

describe("mergeTexts", () => {
  it.each([
    ["a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD", "A\nb\nc\nD"],
    ["a\nb\nc\nd", "a\nb\nc\nd\ne", "b\nc\nd", "b\nc\nd\ne"],
    ["a\nb\nc", "a\nX\nc", "a\nX\nc", "a\nX\nc"],
    ["a\nb", "a\nb", "a\nB", "a\nB"],
    ["a\nb\nc", "a\nX\nc", "a\nY\nc", null],
    ["a\nb\nc", "a\nX\nc", "a\nb\nY", null],
    ["a\nb", "a\nx\nb", "a\ny\nb", null],
  ])("of %j: theirs %j, mine %j", (base, theirs, mine, expected) => {
    expect(mergeTexts(base, theirs, mine)).toBe(expected);
  });
});
