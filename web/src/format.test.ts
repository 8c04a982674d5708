import { describe, expect, it } from "vitest";

import { formatBytes, formatClock, formatFps, formatMs, formatSeconds, formatWhen, formatLength, formatPercent, formatTime } from "./format";

describe("formatting", () => {
  it("gives slow rates a decimal and fast ones none", () => {
    expect([formatFps(4.96, "en"), formatFps(24.96, "en")]).toEqual(["5", "25"]);
    expect(formatFps(0.51, "en")).toBe("0.5");
  });

  it("never shows a negative latency", () => {
    expect(formatMs(-3.2, "en")).toBe("0");
  });

  it("groups thousands as the language does", () => {
    expect(formatMs(1234.4, "en")).toBe("1,234");
  });

  it("gives short lengths a decimal", () => {
    expect([formatSeconds(2.34, "zh"), formatSeconds(23.4, "zh")]).toEqual(["2.3", "23"]);
  });

  it("shows only the time for today", () => {
    expect(formatWhen(1_000, 5_000, "en", "UTC")).toBe("00:16:40");
  });

  it("shows the date for other days", () => {
    expect(formatWhen(1_000, 200_000, "en", "UTC")).toContain("Jan 1");
    expect(formatWhen(1_000, 200_000, "zh", "UTC")).toContain("1月1日");
  });
});

describe("lengths and sizes", () => {
  it.each([[7, "0:07"], [760, "12:40"], [3723, "1:02:03"], [59.6, "1:00"]])("%d seconds are %s", (seconds, shown) => {
    expect(formatLength(seconds)).toBe(shown);
  });

  it.each([[0, "0 byte"], [999, "999 byte"], [1_540, "1.5 kB"], [48_200_000, "48 MB"], [6_048_000_000, "6 GB"]])("%d bytes are %s", (bytes, shown) => {
    expect(formatBytes(bytes, "en")).toBe(shown);
  });

  it("tell a time in the reader's language", () => {
    expect(formatTime(1_000, "zh", "UTC")).toContain("1970年1月1日");
    expect(formatClock(1_000, "en", "UTC")).toBe("00:16:40");
  });

  it("tell a share in percent", () => {
    expect(formatPercent(0.934, "en")).toBe("93%");
  });
});
