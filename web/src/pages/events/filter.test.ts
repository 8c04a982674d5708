import { describe, expect, it } from "vitest";

import type { HappenedEvent } from "../../api/types";
import { bounds, EVERYTHING, filterOf, matches, parametersOf, queryOf } from "./filter";

const NOW_S = 1_795_300_000;
const event = (fields: Partial<HappenedEvent>) =>
  ({ camera_id: "door", kind: "face_appeared", started_unix_s: NOW_S - 10, ...fields }) as HappenedEvent;

describe("the address", () => {
  it.each([
    [{}],
    [{ camera: "door" }],
    [{ kind: "line_crossed", range: "day" }],
    [{ camera: "yard", range: "custom", from: "2026-11-22T08:00", to: "2026-11-22T09:30" }],
  ])("keeps %j", (query) => {
    expect(queryOf(filterOf(query))).toEqual(query);
  });

  it("leaves out what it can't mean", () => {
    expect(filterOf({ kind: "earthquake", range: "century", from: "soon", camera: ["a", "b"] })).toEqual(EVERYTHING);
  });

  it("takes times without a range as a range of its own", () => {
    expect(filterOf({ from: "2026-11-22T08:00" }).range).toBe("custom");
  });
});

describe("bounds", () => {
  it("are open for any time", () => {
    expect(bounds(EVERYTHING, NOW_S)).toEqual({ sinceUnixS: null, untilUnixS: null });
  });

  it("go back from now", () => {
    expect(bounds({ ...EVERYTHING, range: "hour" }, NOW_S)).toEqual({ sinceUnixS: NOW_S - 3600, untilUnixS: null });
  });

  it("take typed times as the reader's own", () => {
    const typed = { ...EVERYTHING, range: "custom" as const, from: "2026-11-22T08:00" };
    expect(bounds(typed, NOW_S)).toEqual({ sinceUnixS: new Date(2026, 10, 22, 8).getTime() / 1000, untilUnixS: null });
  });
});

describe("parametersOf", () => {
  it("asks only for what is chosen", () => {
    const filter = { ...EVERYTHING, camera: "door", range: "hour" as const };
    expect(parametersOf(filter, NOW_S).toString()).toBe(`camera=door&since=${String(NOW_S - 3600)}`);
  });
});

describe("matches", () => {
  it.each([
    [{}, {}, true],
    [{ camera: "door" }, { camera_id: "yard" }, false],
    [{ kind: "face_left" as const }, {}, false],
    [{ range: "hour" as const }, { started_unix_s: NOW_S - 4000 }, false],
    [{ range: "hour" as const }, { started_unix_s: NOW_S - 3000 }, true],
    [{ range: "custom" as const, to: "2020-01-01T00:00" }, {}, false],
  ])("filter %j, event %j: %s", (filter, fields, expected) => {
    expect(matches(event(fields), { ...EVERYTHING, ...filter }, NOW_S)).toBe(expected);
  });
});
