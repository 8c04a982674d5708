import { describe, expect, it } from "vitest";

import { brokenLine, indented, offsetOf, outdented, placeOf, type Replacement } from "./editing";

/** The text afterwards, with `[` and `]` around what is chosen. The same marks stand in the text before. */
function after(marked: string, act: (text: string, start: number, end: number) => Replacement): string {
  const start = marked.indexOf("[");
  const text = marked.replace("[", "").replace("]", "");
  const done = act(text, start, marked.indexOf("]") - 1);
  const now = text.slice(0, done.start) + done.text + text.slice(done.end);
  return `${now.slice(0, done.selectStart)}[${now.slice(done.selectStart, done.selectEnd)}]${now.slice(done.selectEnd)}`;
}

describe("Tab", () => {
  it.each([
    ["[]a", "  []a"],
    [" []a", "  []a"],
    ["a: []", "a:  []"],
    ["[a\nb]", "  [a\n  b]"],
    ["[a\n\nb\n]c", "  [a\n\n  b\n]c"],
  ])("indents %j", (before, expected) => {
    expect(after(before, indented)).toBe(expected);
  });
});

describe("Shift and Tab", () => {
  it.each([
    ["  []a", "[]a"],
    ["   a[]", " a[]"],
    ["[]a", "[]a"],
    ["\t[]a", "[]a"],
    ["  [a\n    b]", "[a\n  b]"],
  ])("takes indents away from %j", (before, expected) => {
    expect(after(before, outdented)).toBe(expected);
  });
});

describe("Enter", () => {
  it.each([
    ["  a: 1[]", "  a: 1\n  []"],
    ["server:[]", "server:\n  []"],
    ["  - x:[]", "  - x:\n    []"],
    ["# note:[]", "# note:\n[]"],
  ])("keeps the indent of %j", (before, expected) => {
    expect(after(before, brokenLine)).toBe(expected);
  });
});

describe("places", () => {
  it.each([
    [1, 1, 0],
    [2, 3, 5],
    [2, 99, 6],
    [9, 1, 3],
  ])("of line %i, column %i", (line, column, expected) => {
    expect(offsetOf("ab\ncde", line, column)).toBe(expected);
  });

  it("are told by line and column", () => {
    expect(placeOf("ab\ncde", 5)).toEqual({ line: 2, column: 3 });
    expect(placeOf("ab\n", 3)).toEqual({ line: 2, column: 1 });
  });
});
