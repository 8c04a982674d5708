import { expect, it } from "vitest";

import { secondsIn, unitOf } from "./length";

it.each([
  [0, "s"],
  [45, "s"],
  [90, "s"],
  [120, "min"],
  [7_200, "h"],
  [172_800, "d"],
  [0.5, "s"],
])("%d s suits %s", (seconds, unit) => expect(unitOf(seconds)).toBe(unit));

it("knows how long a unit is", () => expect(secondsIn("min")).toBe(60));
