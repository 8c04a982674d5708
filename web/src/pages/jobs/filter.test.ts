import { describe, expect, it } from "vitest";

import type { Job } from "../../api/jobs";
import { EVERYTHING, filterOf, isEverything, matches, parametersOf, queryOf } from "./filter";
import { jobAt } from "./jobs.fake";

const DAY_S = 86_400;

describe("the address", () => {
  it("says only what differs from everything, and is understood again", () => {
    const filter = { state: "failed", kind: "index", range: "week" } as const;
    expect(filterOf(queryOf(filter))).toEqual(filter);
    expect(queryOf(EVERYTHING)).toEqual({});
  });

  it("may hold nonsense, which is left out", () => {
    expect(filterOf({ state: "happy", kind: ["index"], range: null })).toEqual(EVERYTHING);
    expect(isEverything(filterOf({ cursor: "x" }))).toBe(true);
  });
});

describe("parametersOf", () => {
  it("counts back from now", () => {
    expect(parametersOf({ state: "running", kind: "", range: "day" }, 100_000.7).toString()).toBe(`state=running&since=${String(100_000 - DAY_S)}`);
  });
});

describe("matches", () => {
  const job: Job = { ...jobAt(1_000), kind: "transcode", state: "failed" };

  it.each([
    [EVERYTHING, true],
    [{ ...EVERYTHING, state: "failed" as const }, true],
    [{ ...EVERYTHING, state: "running" as const }, false],
    [{ ...EVERYTHING, kind: "index" as const }, false],
  ])("%j: %s", (filter, expected) => {
    expect(matches(job, filter, 2_000)).toBe(expected);
  });

  it("knows what is too old", () => {
    expect(matches(job, { ...EVERYTHING, range: "day" }, 1_000 + DAY_S + 1)).toBe(false);
  });
});
