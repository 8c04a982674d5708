import { expect, it } from "vitest";

import { stepOfSwipe } from "./swipe";

it.each([
  [-120, 10, 1],
  [120, -30, -1],
  [-30, 0, 0],
  [-100, 90, 0],
  [0, 200, 0],
])("a stroke of %i, %i is %i", (dx, dy, step) => {
  expect(stepOfSwipe({ dx, dy })).toBe(step);
});
