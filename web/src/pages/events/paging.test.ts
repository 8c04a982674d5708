import { describe, expect, it } from "vitest";

import type { HappenedEvent } from "../../api/types";
import { firstPage, NOTHING, olderParameters, withNewest, withNews, withOlder } from "./paging";

const event = (at: number, ended: number | null = null) =>
  ({ id: `e${String(at).padStart(3, "0")}`, started_unix_s: at, ended_unix_s: ended }) as HappenedEvent;
const page = (ats: number[], next_cursor: string | null = null) => ({ items: ats.map((at) => event(at)), next_cursor });
const times = (listed: { items: readonly HappenedEvent[] }) => listed.items.map((one) => one.started_unix_s);

describe("withOlder", () => {
  it("appends a page, each event once", () => {
    const listed = withOlder(firstPage(page([9, 8], "c")), page([8, 7]));
    expect(times(listed)).toEqual([9, 8, 7]);
    expect(listed.older).toBe(false);
  });
});

describe("withNews", () => {
  it("puts the newest first", () => {
    expect(times(withNews(firstPage(page([2, 1])), [event(3)], 10))).toEqual([3, 2, 1]);
  });

  it("replaces an event that ended", () => {
    const listed = withNews(firstPage(page([2, 1])), [event(1, 5)], 10);
    expect(listed.items.map((one) => one.ended_unix_s)).toEqual([null, 5]);
  });

  it("leaves out what belongs to a page that was not read yet", () => {
    expect(times(withNews(firstPage(page([9, 8], "c")), [event(3)], 10))).toEqual([9, 8]);
  });

  it("lets the oldest go, and knows that they can be read again", () => {
    const listed = withNews(firstPage(page([2, 1])), [event(3)], 2);
    expect(times(listed)).toEqual([3, 2]);
    expect(listed.older).toBe(true);
    expect(olderParameters(listed)).toEqual({ until: "2.001" });
  });

  it("fills an empty list", () => {
    expect(times(withNews(NOTHING, [event(1)], 10))).toEqual([1]);
  });
});

describe("withNewest", () => {
  it("joins what is known with what happened meanwhile", () => {
    expect(times(withNewest(firstPage(page([3, 2], "c")), page([4, 3], "d"), 10))).toEqual([4, 3, 2]);
  });

  it("stands alone after a gap, so that nothing is missing in between", () => {
    expect(times(withNewest(firstPage(page([3, 2])), page([9, 8], "d"), 10))).toEqual([9, 8]);
  });
});
