import { describe, expect, it } from "vitest";

import type { Job } from "../../api/jobs";
import { jobAt } from "./jobs.fake";
import { NOTHING, withNewest, withNews, withPage, type Listed } from "./paging";

const page = (times: readonly number[], cursor: string | null = null) => ({ items: times.map((time) => jobAt(time)), next_cursor: cursor });
const listed = (times: readonly number[], cursor: string | null = null): Listed => withPage(NOTHING, page(times, cursor));
const times = ({ items }: Listed) => items.map((job) => job.created_unix_s);
const told = (...jobs: Job[]) => new Map(jobs.map((job) => [job.job_id, job]));
const NOBODY: ReadonlySet<string> = new Set();
const all = () => true;

describe("withPage", () => {
  it("goes on where the list ended, each job once", () => {
    const more = withPage(listed([9, 8], "c"), page([8, 7]));
    expect([times(more), more.cursor]).toEqual([[9, 8, 7], null]);
  });
});

describe("withNews", () => {
  it("changes a job in its place", () => {
    const now = withNews(listed([3, 2, 1]), told({ ...jobAt(2), state: "running" }), NOBODY, all);
    expect(now.items.map(({ state }) => state)).toEqual(["queued", "running", "queued"]);
  });

  it("puts a new one on top, and leaves out what belongs to a page that was not read", () => {
    expect(times(withNews(listed([3, 2], "c"), told(jobAt(4), jobAt(1)), NOBODY, all))).toEqual([4, 3, 2]);
  });

  it("lets go what was deleted, and what matches no more", () => {
    expect(times(withNews(listed([3, 2, 1]), told(), new Set(["j2"]), (job) => job.created_unix_s !== 1))).toEqual([3]);
  });

  it("is the same list where nothing is new", () => {
    const before = listed([2, 1]);
    expect(withNews(before, told(), NOBODY, all)).toBe(before);
  });
});

describe("withNewest", () => {
  it("keeps older pages where both meet, and drops what is gone", () => {
    const now = withNewest(listed([5, 4, 3, 2], "d"), page([6, 5, 3], "c"));
    expect([times(now), now.cursor]).toEqual([[6, 5, 3, 2], "d"]);
  });

  it("stands alone after a gap", () => {
    const now = withNewest(listed([3, 2]), page([9, 8], "c"));
    expect([times(now), now.cursor]).toEqual([[9, 8], "c"]);
  });

  it("is everything where there is no further page", () => {
    expect(times(withNewest(listed([3, 2, 1]), page([3, 1])))).toEqual([3, 1]);
  });
});
