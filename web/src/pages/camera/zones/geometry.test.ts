import { describe, expect, it } from "vitest";

import { area, clamped, crossesItself, edgesMeet, fromStage, isInside, movedWithin, rightOf, toStage, type Point } from "./geometry";

const square: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];

describe("edgesMeet", () => {
  it.each([
    ["cross", [[0, 0], [1, 1], [0, 1], [1, 0]], true],
    ["lie apart", [[0, 0], [1, 0], [0, 1], [1, 1]], false],
    ["touch at an end", [[0, 0], [1, 0], [0.5, 0], [0.5, 1]], true],
    ["overlap on one line", [[0, 0], [0.6, 0], [0.4, 0], [1, 0]], true],
    ["lie apart on one line", [[0, 0], [0.4, 0], [0.6, 0], [1, 0]], false],
  ] as [string, [Point, Point, Point, Point], boolean][])("tells that edges %s", (_what, points, meet) => {
    expect(edgesMeet(...points)).toBe(meet);
  });
});

describe("crossesItself", () => {
  it("is false for a plain outline, in either direction", () => {
    expect(crossesItself(square)).toBe(false);
    expect(crossesItself([...square].reverse())).toBe(false);
  });

  it("is true for a bow tie", () => {
    expect(crossesItself([[0, 0], [1, 1], [1, 0], [0, 1]])).toBe(true);
  });

  it("allows what only closing would cross, while it is open", () => {
    const hook: Point[] = [[0, 0], [1, 0], [1, 1], [0.5, -0.5]];
    expect(crossesItself(hook, false)).toBe(true);
    const open: Point[] = [[0, 0.5], [1, 0.5], [1, 0], [0.5, 1]];
    expect(crossesItself(open.slice(0, 3), false)).toBe(false);
  });

  it("is true for an edge that runs back over the one before", () => {
    expect(crossesItself([[0, 0], [1, 0], [0.5, 0], [0.5, 1]])).toBe(true);
  });

  it("is true for a corner that touches another edge", () => {
    expect(crossesItself([[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]])).toBe(true);
  });

  it("is false for a triangle, and for a corner on a straight edge", () => {
    expect(crossesItself([[0, 0], [1, 0], [0, 1]])).toBe(false);
    expect(crossesItself([[0, 0], [0.5, 0], [1, 0], [0, 1]])).toBe(false);
  });
});

describe("places", () => {
  const picture = { left: 100, top: 0, width: 300, height: 400 };

  it("go to the stage and back, beside the bars", () => {
    expect(toStage([0.5, 0.25], picture)).toEqual([250, 100]);
    expect(fromStage([250, 100], picture)).toEqual([0.5, 0.25]);
  });

  it("tell a bar from the picture", () => {
    expect(isInside(fromStage([50, 100], picture))).toBe(false);
    expect(isInside(fromStage([100, 0], picture))).toBe(true);
  });

  it("are kept within the picture", () => {
    expect(clamped([-0.2, 1.00004])).toEqual([0, 1]);
  });
});

describe("movedWithin", () => {
  it("moves all points alike", () => {
    expect(movedWithin(square, [0.1, -0.1])).toEqual([[0.3, 0.1], [0.9, 0.1], [0.9, 0.7], [0.3, 0.7]]);
  });

  it("stops at the picture's edge and keeps the shape", () => {
    const moved = movedWithin(square, [0.9, 0]);
    expect(moved).toEqual([[0.4, 0.2], [1, 0.2], [1, 0.8], [0.4, 0.8]]);
    expect(area(moved)).toBeCloseTo(area(square));
  });
});

describe("rightOf", () => {
  it("is below a line that goes right, and left of one that goes down", () => {
    expect(rightOf([0, 0], [1, 0])[1]).toBe(1);
    expect(rightOf([0, 0], [0, 1])[0]).toBe(-1);
  });
});
