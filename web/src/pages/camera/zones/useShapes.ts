/** The editor behind the picture: what is drawn, selected and being drawn, and what is refused. Knows no DOM. */
import { computed, shallowRef, type ComputedRef, type ShallowRef } from "vue";

import { crossesItself, clamped, isInside, midpoint, movedWithin, type Point } from "./geometry";
import { advance, amend, begin, redo, undo } from "./history";
import { LEAST_POINTS, MOST_POINTS, newShape, outlineFault, type OutlineFault, type Shape, type ShapeKind } from "./shapes";

/** A shape that is being drawn: its corners so far. */
export interface Drawing {
  readonly kind: ShapeKind;
  readonly points: readonly Point[];
}

export type Refusal = OutlineFault | "edge";

export interface ShapeEditor {
  readonly shapes: ComputedRef<readonly Shape[]>;
  readonly selected: ComputedRef<Shape | null>;
  /** The corner of the selected shape that was last touched. */
  readonly corner: Readonly<ShallowRef<number | null>>;
  readonly drawing: Readonly<ShallowRef<Drawing | null>>;
  /** Why the last step was not taken, or how it differs from what was wanted. */
  readonly refusal: Readonly<ShallowRef<Refusal | null>>;
  readonly canUndo: ComputedRef<boolean>;
  readonly canRedo: ComputedRef<boolean>;
  readonly reset: (shapes: readonly Shape[]) => void;
  readonly select: (id: number | null) => void;
  readonly touchCorner: (index: number | null) => void;
  readonly startDrawing: (kind: ShapeKind) => void;
  readonly place: (point: Point) => void;
  readonly unplace: () => void;
  readonly finish: () => void;
  readonly cancel: () => void;
  /** Dragging: `grab`, any number of moves, then `drop`, which takes a crossing outline back. */
  readonly grab: () => void;
  readonly movePoint: (id: number, index: number, to: Point) => void;
  readonly moveShape: (id: number, by: Point) => void;
  readonly drop: (id: number) => void;
  readonly insertAfter: (id: number, index: number) => void;
  readonly removePoint: (id: number, index: number) => void;
  readonly change: (id: number, changes: Partial<Shape>) => void;
  readonly remove: (id: number) => void;
  readonly undo: () => void;
  readonly redo: () => void;
}

/** @param nameOf the name of a new shape. @param changed told of every change, with all shapes. */
export function useShapes(nameOf: (kind: ShapeKind, shapes: readonly Shape[]) => string, changed: (shapes: readonly Shape[]) => void): ShapeEditor {
  const history = shallowRef(begin<readonly Shape[]>([]));
  const selectedId = shallowRef<number | null>(null);
  const corner = shallowRef<number | null>(null);
  const drawing = shallowRef<Drawing | null>(null);
  const refusal = shallowRef<Refusal | null>(null);
  const shapes = computed(() => history.value.now);
  /** The shapes when the drag began; it becomes one step of the history. */
  let grabbed: readonly Shape[] | null = null;
  /** What was changed last, so that a name that is typed becomes one step, too. */
  let typed = "";

  function put(next: readonly Shape[], step: "new" | "same" = "new"): void {
    history.value = step === "new" ? advance(history.value, next) : amend(history.value, next);
    typed = "";
    changed(next);
  }

  function change(id: number, changes: Partial<Shape>): void {
    const what = "name" in changes ? `name of ${String(id)}` : "";
    put(withShape(id, (shape) => ({ ...shape, ...changes })), what !== "" && what === typed ? "same" : "new");
    typed = what;
  }

  function withShape(id: number, update: (shape: Shape) => Shape): readonly Shape[] {
    return shapes.value.map((shape) => (shape.id === id ? update(shape) : shape));
  }

  function shapeOf(id: number): Shape | undefined {
    return shapes.value.find((shape) => shape.id === id);
  }

  /** Take a new outline, unless it is none. */
  function outline(id: number, points: readonly Point[]): void {
    const shape = shapeOf(id);
    if (!shape) return;
    refusal.value = outlineFault(shape.kind, points);
    if (refusal.value === null) put(withShape(id, (old) => ({ ...old, points })));
  }

  function place(wanted: Point): void {
    const now = drawing.value;
    if (!now) return;
    const points = [...now.points, clamped(wanted)];
    if (!isInside(wanted)) refusal.value = "outside";
    else if (points.length > MOST_POINTS[now.kind]) refusal.value = "tooMany";
    else if (crossesItself(points, false) || samePlace(points)) refusal.value = now.kind === "line" ? "short" : "crossing";
    else {
      refusal.value = null;
      drawing.value = { ...now, points };
      if (now.kind === "line" && points.length === 2) finish();
    }
  }

  function samePlace(points: readonly Point[]): boolean {
    const [last, before] = [points.at(-1), points.at(-2)];
    return before !== undefined && last !== undefined && last[0] === before[0] && last[1] === before[1];
  }

  function finish(): void {
    const now = drawing.value;
    if (!now) return;
    refusal.value = outlineFault(now.kind, now.points);
    if (refusal.value !== null) return;
    const shape = newShape(now.kind, nameOf(now.kind, shapes.value), now.points);
    drawing.value = null;
    put([...shapes.value, shape]);
    selectedId.value = shape.id;
  }

  function go(to: typeof history.value): void {
    history.value = to;
    refusal.value = null;
    typed = "";
    changed(to.now);
  }

  return {
    shapes,
    corner,
    drawing,
    refusal,
    selected: computed(() => shapes.value.find((shape) => shape.id === selectedId.value) ?? null),
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    reset: (next) => {
      history.value = begin(next);
      selectedId.value = null;
      drawing.value = null;
      refusal.value = null;
    },
    touchCorner: (index) => (corner.value = index),
    select: (id) => {
      selectedId.value = id;
      corner.value = null;
      refusal.value = null;
    },
    startDrawing: (kind) => {
      selectedId.value = null;
      corner.value = null;
      refusal.value = null;
      drawing.value = { kind, points: [] };
    },
    place,
    unplace: () => {
      if (drawing.value) drawing.value = { ...drawing.value, points: drawing.value.points.slice(0, -1) };
    },
    finish,
    cancel: () => {
      drawing.value = null;
      refusal.value = null;
    },
    grab: () => {
      grabbed = shapes.value;
      refusal.value = null;
      history.value = advance(history.value, shapes.value);
    },
    movePoint: (id, index, to) => {
      refusal.value = isInside(to) ? null : "edge";
      put(withShape(id, (shape) => ({ ...shape, points: shape.points.map((point, at) => (at === index ? clamped(to) : point)) })), "same");
    },
    moveShape: (id, by) => {
      const from = grabbed?.find((shape) => shape.id === id);
      if (from) put(withShape(id, (shape) => ({ ...shape, points: movedWithin(from.points, by) })), "same");
    },
    drop: (id) => {
      const shape = shapeOf(id);
      const fault = shape ? outlineFault(shape.kind, shape.points) : null;
      const unmoved = grabbed?.find((before) => before.id === id)?.points === shape?.points;
      if (fault) refusal.value = fault;
      // Nothing moved, or it must not be: the step is taken back, and can't be redone.
      if (fault || unmoved) {
        history.value = { ...undo(history.value), future: [] };
        changed(shapes.value);
      }
      grabbed = null;
    },
    insertAfter: (id, index) => {
      const points = shapeOf(id)?.points ?? [];
      const [from, to] = [points[index], points[(index + 1) % points.length]];
      if (from && to) outline(id, [...points.slice(0, index + 1), midpoint(from, to), ...points.slice(index + 1)]);
    },
    removePoint: (id, index) => {
      const shape = shapeOf(id);
      if (!shape) return;
      if (shape.points.length <= LEAST_POINTS[shape.kind]) refusal.value = "tooFew";
      else {
        outline(id, shape.points.filter((_, at) => at !== index));
        corner.value = null;
      }
    },
    change,
    remove: (id) => {
      put(shapes.value.filter((shape) => shape.id !== id));
      selectedId.value = null;
      refusal.value = null;
    },
    undo: () => go(undo(history.value)),
    redo: () => go(redo(history.value)),
  };
}
