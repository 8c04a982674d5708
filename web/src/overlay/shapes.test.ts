import { describe, expect, it } from "vitest";

import { arrowPaths, middleOf, polygonPoints } from "./shapes";

const picture = { width: 200, height: 100 };

describe("polygonPoints", () => {
  it("places corners in pixels of the picture", () => {
    expect(polygonPoints([[0, 0], [1, 0.5], [0.25, 1]], picture)).toBe("0,0 200,50 50,100");
  });
});

describe("middleOf", () => {
  it("is the mean of the corners", () => {
    expect(middleOf([[0, 0], [1, 0], [1, 1], [0, 1]], picture)).toEqual({ x: 100, y: 50 });
  });
});

describe("arrowPaths", () => {
  const tips = (direction: string) => arrowPaths([0.5, 1], [0.5, 0], direction, picture, 10).map((path) => /L(\S+ \S+)M/.exec(path)?.[1]);

  it("points to the right of someone who walks from start to end", () => {
    expect(tips("right")).toEqual(["110 50"]);
  });

  it("points to the left for crossings to the left", () => {
    expect(tips("left")).toEqual(["90 50"]);
  });

  it("points both ways for both", () => {
    expect(tips("both")).toEqual(["110 50", "90 50"]);
  });

  it("draws none for a line without length", () => {
    expect(arrowPaths([0.5, 0.5], [0.5, 0.5], "both", picture, 10)).toEqual([]);
  });
});
