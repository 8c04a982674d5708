import { describe, expect, it } from "vitest";

import { ASPECT, columnsFor, columnsOnScreen, GAP_PX, gridWidth } from "./columns";

describe("columnsFor", () => {
  it.each([
    [1, 1400, 1],
    [2, 1400, 2],
    [4, 1400, 3],
    [12, 1400, 4],
    [200, 1400, 5],
    [200, 390, 1],
    [0, 1400, 1],
  ])("is for %i cameras on %i px: %i", (count, widthPx, columns) => {
    expect(columnsFor("auto", count, widthPx)).toBe(columns);
  });

  it("is what the reader chose, as far as it can be seen", () => {
    expect([columnsFor("6", 3, 1400), columnsFor("6", 3, 360), columnsFor("2", 3, 360), columnsFor("1", 9, 3000)]).toEqual([6, 2, 2, 1]);
  });
});

describe("columnsOnScreen", () => {
  it.each([
    [1, 1],
    [4, 2],
    [9, 3],
    [12, 4],
    [16, 4],
  ])("shows %i cameras in %i columns", (count, columns) => {
    expect(columnsOnScreen(count, 1920, 1080)).toBe(columns);
  });

  it("stacks them on a tall screen", () => {
    expect(columnsOnScreen(3, 400, 900)).toBe(1);
  });

  it("gives up where tiles would be too small", () => {
    expect(columnsOnScreen(400, 1280, 720)).toBeNull();
  });

  it("is nothing for no cameras", () => {
    expect(columnsOnScreen(0, 1280, 720)).toBeNull();
  });
});

it("makes a grid whose rows fit", () => {
  const widthPx = gridWidth(3, 9, 1920, 1080);
  const tilePx = (widthPx - 2 * GAP_PX) / 3;
  expect((3 * tilePx) / ASPECT + 2 * GAP_PX).toBeLessThanOrEqual(1080);
  expect(widthPx).toBeGreaterThan(1800);
});
