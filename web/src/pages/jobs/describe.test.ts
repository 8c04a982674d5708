import { describe, expect, it } from "vitest";

import { baseName, hasEnded, leftOf, throughOf, totalOf } from "./describe";
import { jobAt } from "./jobs.fake";

describe("leftOf", () => {
  it.each([
    [0, { word: "seconds", hours: 0, minutes: 0 }],
    [59.9, { word: "seconds", hours: 0, minutes: 0 }],
    [61, { word: "minutes", hours: 0, minutes: 1 }],
    [59 * 60, { word: "minutes", hours: 0, minutes: 59 }],
    [3_590, { word: "hours", hours: 1, minutes: 0 }],
    [2 * 3_600 + 26 * 60, { word: "hours", hours: 2, minutes: 30 }],
    [2 * 3_600 + 58 * 60, { word: "hours", hours: 3, minutes: 0 }],
  ])("says of %d s: %j", (seconds, expected) => {
    expect(leftOf(seconds)).toEqual(expected);
  });
});

describe("baseName", () => {
  it.each([
    ["/srv/录像/海边 🌊.mp4", "海边 🌊.mp4"],
    ["C:\\Users\\anna\\clip.mov", "clip.mov"],
    ["/srv/folder/", "folder"],
    ["plain.jpg", "plain.jpg"],
    ["/", "/"],
  ])("of %s is %s", (path, name) => {
    expect(baseName(path)).toBe(name);
  });
});

describe("a job", () => {
  it("has ended in every state but two", () => {
    const ended = (["queued", "running", "succeeded", "partial", "failed", "cancelled"] as const).filter((state) => hasEnded({ ...jobAt(1), state }));
    expect(ended).toEqual(["succeeded", "partial", "failed", "cancelled"]);
  });

  it("counts its files, and those that are through however it went", () => {
    const counts = { ...jobAt(1).items, queued: 3, running: 1, succeeded: 2, failed: 1, skipped: 1 };
    expect([totalOf(counts), throughOf(counts)]).toEqual([8, 4]);
  });
});
