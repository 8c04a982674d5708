import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Point } from "./geometry";
import { newShape, type Shape } from "./shapes";
import { useShapes } from "./useShapes";

const square: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
const changed = vi.fn<(shapes: readonly Shape[]) => void>();
let editor = useShapes(() => "Zone 1", changed);

function draw(kind: Shape["kind"], points: readonly Point[]): void {
  editor.startDrawing(kind);
  points.forEach(editor.place);
}

beforeEach(() => {
  changed.mockClear();
  editor = useShapes(() => "Zone 1", changed);
});

describe("drawing", () => {
  it("makes a zone of its corners and selects it", () => {
    draw("zone", square);
    editor.finish();
    expect(editor.shapes.value).toMatchObject([{ kind: "zone", name: "Zone 1", points: square }]);
    expect(editor.selected.value?.name).toBe("Zone 1");
    expect(changed).toHaveBeenCalledOnce();
  });

  it("makes a line of two points at once", () => {
    draw("line", square.slice(0, 2));
    expect(editor.shapes.value).toMatchObject([{ kind: "line", points: square.slice(0, 2) }]);
    expect(editor.drawing.value).toBeNull();
  });

  it("refuses a zone of two points and lets go on drawing", () => {
    draw("zone", square.slice(0, 2));
    editor.finish();
    expect(editor.refusal.value).toBe("tooFew");
    expect(editor.shapes.value).toEqual([]);
    expect(editor.drawing.value?.points.length).toBe(2);
  });

  it("refuses a corner beside the picture", () => {
    draw("zone", [[0.5, 0.5], [1.3, 0.5]]);
    expect(editor.refusal.value).toBe("outside");
    expect(editor.drawing.value?.points).toEqual([[0.5, 0.5]]);
  });

  it("refuses an edge that crosses another, at once", () => {
    draw("zone", [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]]);
    expect(editor.refusal.value).toBe("crossing");
    expect(editor.drawing.value?.points.length).toBe(3);
  });

  it("refuses a last edge that would cross", () => {
    draw("zone", [[0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.4]]);
    editor.place([0.9, 0.9]);
    expect(editor.refusal.value).toBe("crossing");
  });

  it("takes back a corner", () => {
    draw("zone", square);
    editor.unplace();
    expect(editor.drawing.value?.points.length).toBe(3);
  });

  it("can be given up", () => {
    draw("zone", square);
    editor.cancel();
    expect(editor.drawing.value).toBeNull();
    expect(editor.shapes.value).toEqual([]);
  });
});

describe("editing", () => {
  let zone = newShape("zone", "step", square);
  beforeEach(() => {
    zone = newShape("zone", "step", square);
    editor.reset([zone]);
  });

  it("is one step for a whole drag", () => {
    editor.grab();
    editor.movePoint(zone.id, 0, [0.1, 0.15]);
    editor.movePoint(zone.id, 0, [0.1, 0.1]);
    editor.drop(zone.id);
    expect(editor.shapes.value[0]?.points[0]).toEqual([0.1, 0.1]);
    editor.undo();
    expect(editor.shapes.value[0]?.points).toEqual(square);
    editor.redo();
    expect(editor.shapes.value[0]?.points[0]).toEqual([0.1, 0.1]);
  });

  it("keeps a corner in the picture and says so", () => {
    editor.grab();
    editor.movePoint(zone.id, 0, [-0.3, 0.1]);
    expect(editor.refusal.value).toBe("edge");
    expect(editor.shapes.value[0]?.points[0]).toEqual([0, 0.1]);
  });

  it("takes a crossing outline back when it is dropped", () => {
    editor.grab();
    editor.movePoint(zone.id, 0, [0.9, 0.5]);
    editor.drop(zone.id);
    expect(editor.refusal.value).toBe("crossing");
    expect(editor.shapes.value[0]?.points).toEqual(square);
    expect(editor.canUndo.value).toBe(false);
    expect(editor.canRedo.value).toBe(false);
  });

  it("is no step when nothing moved", () => {
    editor.grab();
    editor.drop(zone.id);
    expect(editor.canUndo.value).toBe(false);
  });

  it("moves a whole shape, and stops at the edge", () => {
    editor.grab();
    editor.moveShape(zone.id, [0.5, 0]);
    editor.drop(zone.id);
    expect(editor.shapes.value[0]?.points).toEqual([[0.4, 0.2], [1, 0.2], [1, 0.8], [0.4, 0.8]]);
  });

  it("inserts a corner in the middle of an edge, also of the last one", () => {
    editor.insertAfter(zone.id, 3);
    expect(editor.shapes.value[0]?.points).toEqual([...square, [0.2, 0.5]]);
  });

  it("removes a corner, but keeps three", () => {
    editor.removePoint(zone.id, 3);
    editor.removePoint(zone.id, 2);
    expect(editor.refusal.value).toBe("tooFew");
    expect(editor.shapes.value[0]?.points.length).toBe(3);
  });

  it("deletes and brings back", () => {
    editor.select(zone.id);
    editor.remove(zone.id);
    expect(editor.shapes.value).toEqual([]);
    expect(editor.selected.value).toBeNull();
    editor.undo();
    expect(editor.shapes.value).toEqual([zone]);
  });

  it("tells every change", () => {
    editor.change(zone.id, { name: "door" });
    expect(changed.mock.lastCall?.[0]).toMatchObject([{ name: "door" }]);
  });

  it("takes a typed name back in one step, and no further", () => {
    editor.change(zone.id, { labels: ["car"] });
    for (const name of ["d", "do", "door"]) editor.change(zone.id, { name });
    editor.undo();
    expect(editor.shapes.value[0]).toMatchObject({ name: "step", labels: ["car"] });
    editor.undo();
    expect(editor.shapes.value).toEqual([zone]);
  });
});
