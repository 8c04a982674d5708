import { describe, expect, it } from "vitest";

import { beginBudget, nextBudget, streaming, type Budget } from "./streams";

const none = new Set<string>();

describe("streaming", () => {
  it("takes those higher up on the wall", () => {
    expect([...streaming(none, ["a", "b", "c"], 2, null)]).toEqual(["a", "b"]);
  });

  it("lets those that stream go on while they can be seen", () => {
    expect([...streaming(new Set(["c", "gone"]), ["a", "b", "c"], 2, null)]).toEqual(["c", "a"]);
  });

  it("puts the one that the reader points at first", () => {
    expect([...streaming(new Set(["a", "b"]), ["a", "b", "c"], 2, "c")]).toEqual(["c", "a"]);
  });

  it("does not stream what the reader points at but can't see", () => {
    expect([...streaming(none, ["a"], 2, "x")]).toEqual(["a"]);
  });
});

describe("beginBudget", () => {
  it("grows with the machine, within bounds", () => {
    expect([1, 2, 4, 64].map((cores) => beginBudget(cores).streams)).toEqual([4, 6, 12, 16]);
  });
});

describe("nextBudget", () => {
  const fast = Array<number>(100).fill(17);
  const slow = [...Array<number>(80).fill(17), ...Array<number>(20).fill(50)];
  const full = beginBudget(64);
  const of = (streams: number) => ({ ...full, streams });
  const streamsAfter = (streams: number, framesMs: number[]) => nextBudget(of(streams), framesMs, streams).streams;
  const looks = (budget: Budget, count: number, framesMs = fast) =>
    Array.from({ length: count }).reduce<Budget>((now) => nextBudget(now, framesMs, now.streams), budget);

  it("stays while frames are fast", () => {
    expect(looks(full, 100)).toEqual(full);
  });

  it("stays after a few slow ones", () => {
    expect(streamsAfter(16, [...Array<number>(95).fill(17), ...Array<number>(5).fill(90)])).toBe(16);
  });

  it("shrinks when many are slow, down to a bound", () => {
    expect([16, 5, 3, 2].map((streams) => streamsAfter(streams, slow))).toEqual([12, 3, 2, 2]);
  });

  it("does not shrink by a stutter that few streams can't have caused", () => {
    expect(nextBudget(full, slow, 2).streams).toBe(16);
  });

  it("grows back, one by one, once it is calm for long", () => {
    const after = nextBudget(full, slow, 16);
    expect([9, 10, 20, 1000].map((count) => looks(after, count).streams)).toEqual([12, 13, 14, 16]);
  });

  it("does not grow while it is not used up", () => {
    expect(nextBudget({ ...of(8), calm: full.patience - 1 }, fast, 5).streams).toBe(8);
  });

  it("waits longer each time that growing led to stutter", () => {
    const twice = looks(looks(full, 1, slow), 1, slow);
    expect([19, 20].map((count) => looks(twice, count).streams)).toEqual([9, 10]);
  });

  it("takes a slow screen for what it is", () => {
    expect(streamsAfter(16, Array<number>(100).fill(33.4))).toBe(16);
  });

  it("judges nothing by a handful of frames", () => {
    expect(streamsAfter(16, [200, 200])).toBe(16);
  });
});
