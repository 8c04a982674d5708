import { describe, expect, it } from "vitest";

import type { Point } from "./geometry";
import { freeName, nameFault, newShape, outlineFault, settingsKey, shapesOf, withShapes, type OutlineFault, type ShapeKind } from "./shapes";

const triangle: Point[] = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]];
const settings = {
  name: "door",
  gate: { enabled: true, masks: [triangle] },
  zones: [{ name: "step", points: triangle, labels: ["person"] }],
  lines: [{ name: "gate", start: [0.1, 0.5] as Point, end: [0.9, 0.5] as Point, direction: "left", labels: ["face"] }],
};

describe("shapes of settings", () => {
  it("are zones, lines and masks", () => {
    expect(shapesOf(settings).map(({ kind, name, points }) => [kind, name, points.length])).toEqual([
      ["zone", "step", 3],
      ["line", "gate", 2],
      ["mask", "", 3],
    ]);
  });

  it("go back as they came, and nothing else changes", () => {
    const back = withShapes(settings, shapesOf(settings));
    expect(back).toEqual(settings);
    expect(back["zones"]).toBe(settings.zones);
  });

  it("hold what was changed", () => {
    const shapes = shapesOf(settings).filter(({ kind }) => kind !== "mask");
    const back = withShapes(settings, [...shapes, newShape("zone", "new", triangle)]);
    expect(back["zones"]).toEqual([...settings.zones, { name: "new", points: triangle, labels: ["person", "face"] }]);
    expect(back["gate"]).toEqual({ enabled: true, masks: [] });
  });

  it("are named as the server names them", () => {
    const shapes = shapesOf({ ...settings, zones: [...settings.zones, { name: "b", points: triangle }] });
    expect(shapes.map((shape) => settingsKey(shape, shapes))).toEqual(["zones[0]", "zones[1]", "lines[0]", "gate.masks[0]"]);
  });
});

describe("outlineFault", () => {
  it.each([
    [null, "zone", triangle],
    ["tooFew", "zone", triangle.slice(0, 2)],
    ["tooFew", "line", triangle.slice(0, 1)],
    ["tooMany", "mask", Array.from({ length: 65 }, (_, index) => [index / 65, 0.5] as Point)],
    ["outside", "mask", [[0, 0], [1.2, 0], [0, 1]]],
    ["crossing", "zone", [[0, 0], [1, 1], [1, 0], [0, 1]]],
    ["flat", "zone", [[0.1, 0.1], [0.1001, 0.1], [0.1, 0.1001]]],
    ["short", "line", [[0.5, 0.5], [0.5, 0.5]]],
    [null, "line", [[0, 0], [1, 1]]],
  ] as [OutlineFault | null, ShapeKind, Point[]][])("is %s for a %s", (fault, kind, outline) => {
    expect(outlineFault(kind, outline)).toBe(fault);
  });
});

describe("nameFault", () => {
  const step = newShape("zone", "step", triangle);

  it.each([
    ["noName", " "],
    ["longName", "x".repeat(81)],
    ["twinName", "step"],
    [null, "院子 🚪"],
  ])("is %s", (fault, name) => {
    const shape = newShape("line", name, []);
    expect(nameFault(shape, [step, shape])).toBe(fault);
  });

  it("lets masks be", () => {
    expect(nameFault(newShape("mask", "", triangle), [])).toBeNull();
  });
});

describe("freeName", () => {
  it("takes the first that is free", () => {
    expect(freeName("Zone", [newShape("zone", "Zone 1", []), newShape("line", "Zone 2", [])])).toBe("Zone 3");
  });
});
