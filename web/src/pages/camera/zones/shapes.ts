/** Zones, masks and lines as one kind of thing to draw, and what can be wrong with them. Pure. */
import { equal, isList, isObject, type Json, type JsonObject } from "../../../components/form/json";
import { area, crossesItself, isInside, type Point } from "./geometry";

export type ShapeKind = "zone" | "line" | "mask";
export type Direction = "both" | "left" | "right";

export interface Shape {
  /** Only of this page: what is selected and drawn again. */
  readonly id: number;
  readonly kind: ShapeKind;
  /** Masks have none. */
  readonly name: string;
  readonly points: readonly Point[];
  readonly labels: readonly string[];
  readonly direction: Direction;
}

export const LEAST_POINTS: Readonly<Record<ShapeKind, number>> = { zone: 3, mask: 3, line: 2 };
export const MOST_POINTS: Readonly<Record<ShapeKind, number>> = { zone: 64, mask: 64, line: 2 };
const LONGEST_NAME = 80;
const LEAST_AREA = 0.0001;
const DEFAULT_LABELS = ["person", "face"];

let lastId = 0;

export function newShape(kind: ShapeKind, name: string, points: readonly Point[]): Shape {
  lastId += 1;
  return { id: lastId, kind, name, points, labels: kind === "mask" ? [] : DEFAULT_LABELS, direction: "both" };
}

/** Everything drawn on the picture, as a camera's settings have it. */
export function shapesOf(settings: JsonObject): readonly Shape[] {
  const gate = isObject(settings["gate"]) ? settings["gate"] : {};
  return [
    ...entries(settings["zones"]).map((zone) => ({ ...named("zone", zone), points: points(zone["points"]) })),
    ...entries(settings["lines"]).map((line) => ({
      ...named("line", line),
      points: points([line["start"] ?? null, line["end"] ?? null]),
      direction: (line["direction"] ?? "both") as Direction,
    })),
    ...(isList(gate["masks"]) ? gate["masks"] : []).map((mask) => newShape("mask", "", points(mask))),
  ];
}

/** The settings with these shapes. Settings that say the same stay the very same, so that nothing else counts as changed. */
export function withShapes(settings: JsonObject, shapes: readonly Shape[]): JsonObject {
  const of = (kind: ShapeKind) => shapes.filter((shape) => shape.kind === kind);
  const zones = of("zone").map(({ name, points: corners, labels }) => ({ name, points: corners, labels }));
  const lines = of("line").map(({ name, points: [start, end], direction, labels }) => ({ name, start: start ?? [0, 0], end: end ?? [0, 0], direction, labels }));
  const masks = of("mask").map((mask) => mask.points);
  const gate = isObject(settings["gate"]) ? settings["gate"] : {};
  const kept = (before: Json | undefined, now: Json) => (equal(before ?? [], now) ? (before ?? now) : now);
  return {
    ...settings,
    zones: kept(settings["zones"], zones),
    lines: kept(settings["lines"], lines),
    gate: { ...gate, masks: kept(gate["masks"], masks) },
  };
}

function entries(value: Json | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isObject) : [];
}

function points(value: Json | undefined): readonly Point[] {
  return isList(value) ? value.filter(isList).map(([x, y]) => [Number(x), Number(y)] as const) : [];
}

function named(kind: ShapeKind, entry: JsonObject): Shape {
  const labels = isList(entry["labels"]) ? entry["labels"].map(String) : DEFAULT_LABELS;
  return { ...newShape(kind, String(entry["name"] ?? ""), []), labels };
}

/** What is wrong with a shape's outline. */
export type OutlineFault = "tooFew" | "tooMany" | "outside" | "crossing" | "flat" | "short";

export function outlineFault(kind: ShapeKind, outline: readonly Point[]): OutlineFault | null {
  if (outline.length < LEAST_POINTS[kind]) return "tooFew";
  if (outline.length > MOST_POINTS[kind]) return "tooMany";
  if (!outline.every(isInside)) return "outside";
  if (kind === "line") return equal(outline[0], outline[1]) ? "short" : null;
  if (crossesItself(outline)) return "crossing";
  return area(outline) < LEAST_AREA ? "flat" : null;
}

export type NameFault = "noName" | "longName" | "twinName";

export function nameFault(shape: Shape, all: readonly Shape[]): NameFault | null {
  if (shape.kind === "mask") return null;
  if (shape.name.trim() === "") return "noName";
  if ([...shape.name].length > LONGEST_NAME) return "longName";
  // Events tell a zone from a line by its name alone.
  const twin = all.some((other) => other.id !== shape.id && other.kind !== "mask" && other.name === shape.name);
  return twin ? "twinName" : null;
}

/** The first of `Zone 1`, `Zone 2` ... that is free. */
export function freeName(word: string, shapes: readonly Shape[]): string {
  for (let number = 1; ; number++) {
    const name = `${word} ${String(number)}`;
    if (!shapes.some((shape) => shape.name === name)) return name;
  }
}

/** Where a shape stands in the settings, as the server names it in refusals. */
export function settingsKey(shape: Shape, all: readonly Shape[]): string {
  const index = all.filter((other) => other.kind === shape.kind).findIndex((other) => other.id === shape.id);
  const list = { zone: "zones", line: "lines", mask: "gate.masks" }[shape.kind];
  return `${list}[${String(index)}]`;
}
