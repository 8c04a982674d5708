import { describe, expect, it } from "vitest";

import type { Recording } from "../../../api/types";
import { after, before, byHour, endOf, merged, recordingAt, shows, spansOf } from "./playlist";

const NOW_S = 100_000;
const recording = (start: number, duration: number | null = 60, finished = true): Recording => ({
  camera_id: "door", name: `${String(start)}${finished ? "" : ".part"}`, started_unix_s: start, duration_s: duration, size_bytes: 10, finished, url: "",
});
const LIST = [recording(1000), recording(1060.2), recording(2000)];

describe("merged", () => {
  it("sorts by start and takes the newer word about a file", () => {
    const list = merged([recording(2000, null, false), recording(1000)], [recording(2000)]);
    expect(list.map((one) => [one.started_unix_s, one.finished])).toEqual([[1000, true], [2000, true]]);
  });
});

describe("endOf", () => {
  it.each([
    ["a finished one ends after its length", [recording(1000)], 0, 1060],
    ["one being written ends now", [recording(1000, null, false)], 0, NOW_S],
    ["one of unknown length ends where the next begins", [recording(1000, null), recording(3000)], 0, 3000],
    ["the last one of unknown length may go on until now", [recording(1000, null)], 0, NOW_S],
  ] as const)("%s", (_, list, index, end) => {
    expect(endOf(list, index, NOW_S)).toBe(end);
  });
});

describe("recordingAt", () => {
  it.each([
    [1030, 1000, 30],
    [1060.1, 1060.2, 0], // in the seam: the next one
    [1500, 2000, 0], // in a pause: where it goes on
    [0, 1000, 0],
  ])("at %d there is the one of %d, %d s in", (at, start, offsetS) => {
    const found = recordingAt(LIST, at, NOW_S);
    expect([found?.recording.started_unix_s, found?.offsetS]).toEqual([start, offsetS]);
  });

  it("is none after the last", () => {
    expect(recordingAt(LIST, 5000, NOW_S)).toBeNull();
  });
});

describe("shows", () => {
  it.each([[1030, true], [1500, false], [5000, false]])("%d: %s", (at, expected) => {
    expect(shows(LIST, at, NOW_S)).toBe(expected);
  });
});

describe("after and before", () => {
  it("lead along the day", () => {
    const middle = LIST[1] as Recording;
    expect([before(LIST, middle)?.started_unix_s, after(LIST, middle)?.started_unix_s]).toEqual([1000, 2000]);
    expect([before(LIST, LIST[0] as Recording), after(LIST, LIST[2] as Recording)]).toEqual([null, null]);
  });
});

describe("spansOf", () => {
  it("joins files that follow one another, and shows pauses", () => {
    expect(spansOf(LIST, NOW_S)).toEqual([{ beginUnixS: 1000, endUnixS: 1120.2 }, { beginUnixS: 2000, endUnixS: 2060 }]);
  });
});

describe("byHour", () => {
  it("has the newest first", () => {
    const hours = byHour([recording(7200 * 10), recording(7200 * 10 + 60), recording(7200 * 11)]);
    expect(hours.map((hour) => hour.recordings.map((one) => one.started_unix_s))).toEqual([[79_200], [72_060, 72_000]]);
  });
});
