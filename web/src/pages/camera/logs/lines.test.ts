import { describe, expect, it } from "vitest";

import { EMPTY, matches, MOST_LINES, parse, withNewest } from "./lines";

const texts = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index)}`);
const numbers = (tail: { lines: readonly { number: number }[] }) => tail.lines.map((line) => line.number);

describe("withNewest", () => {
  it("takes only what is new", () => {
    const first = withNewest(EMPTY, 3, texts(1, 3));
    const then = withNewest(first, 5, texts(2, 5));
    expect(numbers(then)).toEqual([1, 2, 3, 4, 5]);
    expect(then.lines.at(-1)?.text).toBe("line 5");
  });

  it("stays the very same when nothing was written", () => {
    const tail = withNewest(EMPTY, 3, texts(1, 3));
    expect(withNewest(tail, 3, texts(1, 3))).toBe(tail);
  });

  it("says how many lines were too many to fetch", () => {
    const tail = withNewest(withNewest(EMPTY, 3, texts(1, 3)), 1000, texts(990, 1000));
    expect(tail.lines[3]).toMatchObject({ number: 990, gap: 986 });
  });

  it("begins anew with a file that was begun anew", () => {
    const tail = withNewest(withNewest(EMPTY, 900, texts(890, 900)), 2, texts(1, 2));
    expect(numbers(tail)).toEqual([1, 2]);
  });

  it("forgets the lines of a file that was emptied", () => {
    expect(withNewest(withNewest(EMPTY, 3, texts(1, 3)), 0, [])).toEqual(EMPTY);
  });

  it("keeps only so many", () => {
    const tail = withNewest(withNewest(EMPTY, MOST_LINES, texts(1, MOST_LINES)), MOST_LINES + 5, texts(MOST_LINES, MOST_LINES + 5));
    expect([tail.lines.length, tail.lines[0]?.number]).toEqual([MOST_LINES, 6]);
  });
});

describe("parse", () => {
  it("takes a line of ours apart", () => {
    const line = parse(1, '{"camera": "a", "worker": "w1", "fps": 10.0, "url": "demo:", "fallback": "", "event": "source.opened", "level": "warning", "timestamp": "2026-11-22T03:10:27Z"}');
    expect(line).toMatchObject({ level: "warning", when: "2026-11-22T03:10:27Z", message: "source.opened" });
    expect(line.fields).toEqual([["fps", "10"], ["url", "demo:"]]);
  });

  it("leaves other lines as they are", () => {
    expect(parse(1, "libav says hello")).toMatchObject({ level: "info", message: "libav says hello", when: "" });
  });

  it("knows a traceback as an error", () => {
    expect(parse(1, "Traceback (most recent call last):").level).toBe("error");
  });

  it("shows half a line as it is", () => {
    expect(parse(1, '{"event": "cut').message).toBe('{"event": "cut');
  });
});

describe("matches", () => {
  const line = parse(1, '{"event": "source.lost", "level": "warning", "code": "source.timeout"}');
  it.each([
    ["", "debug", true],
    ["TIMEOUT", "info", true],
    ["timeout", "error", false],
    ["opened", "debug", false],
  ] as const)("%j from %s: %s", (text, least, expected) => {
    expect(matches(line, text, least)).toBe(expected);
  });
});
