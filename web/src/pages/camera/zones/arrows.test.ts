import { describe, expect, it } from "vitest";

import { arrowPaths } from "./arrows";

describe("arrowPaths", () => {
  it("points to the right of the way from start to end", () => {
    // From left to right on the screen, the right side is below.
    expect(arrowPaths([0, 100], [200, 100], "right")[0]).toMatch(/^M100\.0 100\.0L100\.0 134\.0/);
  });

  it("points to the left", () => {
    expect(arrowPaths([0, 100], [200, 100], "left")[0]).toMatch(/L100\.0 66\.0/);
  });

  it("has two arrows for both ways", () => {
    expect(arrowPaths([0, 0], [0, 10], "both")).toHaveLength(2);
  });
});
