import { expect, it } from "vitest";

import { PANELS, writtenAs } from "./panels";

it.each([
  ["ms", 0.0123, "12 ms"],
  ["ms", 0.0012, "1.2 ms"],
  ["ratio", 0.053, "5.3%"],
  ["ratio", 1.6, "160%"],
  ["bytes", 1_500_000, "1.5 MB"],
  ["bytesPerS", 2_000, "2 kB/s"],
  ["perS", 3.25, "3.3/s"],
  ["fps", 24.9, "25"],
] as const)("writes %s %d as %j", (unit, value, expected) => expect(writtenAs(unit, value, "en")).toBe(expected));

it("has each chart once", () => {
  expect(new Set(PANELS.map(({ key }) => key)).size).toBe(PANELS.length);
});
