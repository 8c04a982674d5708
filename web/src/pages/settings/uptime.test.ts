import { describe, expect, it } from "vitest";

import { upFor } from "./uptime";

describe("upFor", () => {
  it.each([
    [0, "0 seconds"],
    [61.9, "1 minute, 1 second"],
    [3_600, "1 hour, 0 minutes"],
    [200_000, "2 days, 7 hours"],
  ])("%d s", (seconds, expected) => {
    expect(upFor(seconds, "en")).toBe(expected);
  });

  it("in Chinese", () => {
    expect(upFor(90_061, "zh")).toBe("1天1小时");
  });
});
