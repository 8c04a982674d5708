import { describe, expect, it } from "vitest";

import { localOf, mayBeFast, problemOf, queryOf, shownOf, unixOf, viewOf } from "./ranges";

describe("the address", () => {
  it.each([
    [{}],
    [{ range: "week", hz: "10" }],
    [{ from: "100", until: "200" }],
  ])("keeps %j", (query) => expect(queryOf(viewOf(query))).toEqual(query));

  it.each([
    [{ range: "century", hz: "99" }],
    [{ from: "200", until: "100" }],
    [{ from: "100" }],
    [{ from: "x", until: "y" }],
  ])("forgets %j, which makes no sense", (query) => expect(queryOf(viewOf(query))).toEqual({}));
});

describe("what is shown", () => {
  it("goes on by itself", () => expect(shownOf(viewOf({}), false)).toMatchObject({ live: true, backS: 300 }));
  it("stands still while it is paused", () => expect(shownOf(viewOf({}), true).live).toBe(false));
  it("stands still over days", () => expect(shownOf(viewOf({ range: "day" }), false).live).toBe(false));
  it("is what was dragged out", () => expect(shownOf(viewOf({ from: "100", until: "200" }), false)).toEqual({ live: false, backS: 0, from: 100, until: 200 }));
});

it("is fast for short ranges alone", () => expect([mayBeFast(viewOf({ range: "quarter" })), mayBeFast(viewOf({ range: "hour" }))]).toEqual([true, false]));

describe("a time of one's own", () => {
  it("is the same when it is written and read", () => expect(unixOf(localOf(1_795_334_407))).toBe(1_795_334_407));
  it.each(["", "2026-11-22", "yesterday", "2026-13-45T99:99"])("is not %j", (text) => expect(unixOf(text)).toBeNull());
});

describe("a range of one's own", () => {
  const NOW = 100 * 86_400;
  it.each([
    [NOW - 200, NOW - 100, null],
    [NOW - 200, NOW, null],
    [NOW - 40 * 86_400, NOW - 86_400, null],
    [null, NOW, "missing"],
    [NOW, null, "missing"],
    [NOW - 100, NOW - 100, "order"],
    [NOW - 100, NOW - 200, "order"],
    [NOW - 100, NOW + 3_600, "future"],
    [NOW - 40 * 86_400, NOW - 31 * 86_400, "tooOld"],
  ])("from %s until %s is %s", (from, until, problem) => expect(problemOf(from, until, NOW, 30)).toBe(problem));
});
