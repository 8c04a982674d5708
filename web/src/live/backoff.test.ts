import { describe, expect, it } from "vitest";

import { retryDelayMs } from "./backoff";

const middle = () => 0.5;

describe("retryDelayMs", () => {
  it("starts short and doubles", () => {
    expect([1, 2, 3, 4].map((failures) => retryDelayMs(failures, middle))).toEqual([400, 800, 1600, 3200]);
  });

  it("never waits much longer than ten seconds, however often it failed", () => {
    expect(retryDelayMs(1000, middle)).toBe(10_000);
    expect(retryDelayMs(1000, () => 1)).toBe(13_000);
  });

  it("spreads pages that failed together", () => {
    expect(retryDelayMs(3, () => 0)).toBe(1120);
    expect(retryDelayMs(3, () => 1)).toBe(2080);
  });
});
