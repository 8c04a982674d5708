import { describe, expect, it } from "vitest";

import { growth, historyPath, isOf, keyOf } from "./figures";

const p50 = { name: "popcam_http_all_seconds", labels: { quantile: "0.5" } };

it("names a series by its labels", () => {
  expect([keyOf(p50), keyOf({ name: "x", labels: {} })]).toEqual(["popcam_http_all_seconds{quantile=0.5}", "x"]);
});

it("finds the series that were asked for", () => {
  expect([isOf(p50, { name: p50.name, labels: {} }), isOf(p50, p50), isOf(p50, { ...p50, labels: { quantile: "0.9" } }), isOf(p50, { name: "y", labels: {} })]).toEqual([true, true, false, false]);
});

it("asks for the history of one series", () => {
  expect(historyPath(p50, 1, 2, 500)).toBe("/api/v1/monitoring/metrics/popcam_http_all_seconds/history?since=1&until=2&max_points=500&labels=quantile%3A0.5");
});

describe("growth", () => {
  it("is per second", () => expect(growth({ time: 10, value: 100 }, 12, 300)).toBe(100));
  it.each([
    [undefined, 5],
    [{ time: 10, value: 100 }, 5],
    [{ time: 10, value: null }, 5],
    [{ time: 12, value: 1 }, 5],
    [{ time: 10, value: 1 }, null],
  ])("is not known after %j with %j", (before, value) => expect(growth(before, 12, value)).toBeNull());
});
