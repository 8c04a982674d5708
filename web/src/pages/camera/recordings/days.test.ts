import { describe, expect, it } from "vitest";

import { boundsOf, dayOf, formatDay } from "./days";

describe("days", () => {
  it("hold the times between their bounds", () => {
    const bounds = boundsOf("2026-11-22");
    expect(dayOf(bounds?.sinceUnixS ?? 0)).toBe("2026-11-22");
    expect(dayOf((bounds?.untilUnixS ?? 0) - 1)).toBe("2026-11-22");
    expect(dayOf(bounds?.untilUnixS ?? 0)).toBe("2026-11-23");
  });

  it.each(["", "yesterday", "2026-13-40", "2026-02-31"])("are not %j", (text) => {
    expect(boundsOf(text)).toBeNull();
  });

  it("are read in the reader's language", () => {
    expect(formatDay("2026-11-22", "en")).toContain("Nov 22");
    expect(formatDay("2026-11-22", "zh")).toContain("11月22日");
  });
});
