/** Points, edges and shapes on a picture, all in 0..1 of its width and height. Pure. */
import type { Rect } from "../../../overlay/geometry";

export type Point = readonly [x: number, y: number];

const DIGITS = 10_000;

/** Four digits are a tenth of a pixel at 1000: no finer than a hand can be, and short in the file. */
export function rounded([x, y]: Point): Point {
  return [Math.round(x * DIGITS) / DIGITS, Math.round(y * DIGITS) / DIGITS];
}

export function isInside([x, y]: Point): boolean {
  return x >= 0 && x <= 1 && y >= 0 && y <= 1;
}

export function clamped([x, y]: Point): Point {
  return rounded([Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))]);
}

/** Where a point of the picture lies on the stage, in CSS pixels. */
export function toStage([x, y]: Point, picture: Rect): Point {
  return [picture.left + x * picture.width, picture.top + y * picture.height];
}

/** The opposite of `toStage`; beyond 0..1 on the bars beside the picture. */
export function fromStage([x, y]: Point, picture: Rect): Point {
  return [(x - picture.left) / Math.max(1, picture.width), (y - picture.top) / Math.max(1, picture.height)];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Twice the area of the triangle; positive when `c` lies on the right of the way from `a` to `b` (y grows downwards). */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function isBetween(a: Point, b: Point, c: Point): boolean {
  return Math.min(a[0], b[0]) <= c[0] && c[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= c[1] && c[1] <= Math.max(a[1], b[1]);
}

/** Whether two edges have a point in common. */
export function edgesMeet(a: Point, b: Point, c: Point, d: Point): boolean {
  const [abc, abd, cda, cdb] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (abc * abd < 0 && cda * cdb < 0) return true;
  return (
    (abc === 0 && isBetween(a, b, c)) || (abd === 0 && isBetween(a, b, d)) || (cda === 0 && isBetween(c, d, a)) || (cdb === 0 && isBetween(c, d, b))
  );
}

/** Whether an outline crosses or touches itself. An open one is still being drawn: its ends are not joined. */
export function crossesItself(points: readonly Point[], closed = true): boolean {
  const edges = edgesOf(points, closed);
  return edges.some(([a, b], first) =>
    edges.some(([c, d], second) => {
      if (second <= first) return false;
      const follows = second === first + 1;
      const joins = closed && first === 0 && second === edges.length - 1;
      // Neighbours share a corner; they overlap when one runs back over the other.
      if (follows && joins) return false;
      if (follows) return foldsBack(a, b, d);
      if (joins) return foldsBack(c, d, b);
      return edgesMeet(a, b, c, d);
    }),
  );
}

function edgesOf(points: readonly Point[], closed: boolean): readonly (readonly [Point, Point])[] {
  return points.flatMap((point, index) => {
    const next = points[index + 1] ?? (closed && points.length > 2 ? points[0] : undefined);
    return next ? [[point, next] as const] : [];
  });
}

function foldsBack(from: Point, corner: Point, to: Point): boolean {
  if (turn(from, corner, to) !== 0) return false;
  return (from[0] - corner[0]) * (to[0] - corner[0]) + (from[1] - corner[1]) * (to[1] - corner[1]) > 0;
}

/** Share of the picture that an outline covers. */
export function area(points: readonly Point[]): number {
  const twice = points.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** All points moved by the same way, as far as none of them leaves the picture. */
export function movedWithin(points: readonly Point[], by: Point): readonly Point[] {
  const fit = (axis: 0 | 1) => {
    const values = points.map((point) => point[axis]);
    return Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), by[axis]));
  };
  const [byX, byY] = [fit(0), fit(1)];
  return points.map(([x, y]) => clamped([x + byX, y + byY]));
}

export function midpoint(a: Point, b: Point): Point {
  return rounded([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
}

/** Where a label stands well: the middle of an outline's bounding box. */
export function middle(points: readonly Point[]): Point {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}

/** Unit vector to the right of the way from `a` to `b`, as events name sides (`pipeline/events.py`). */
export function rightOf(a: Point, b: Point): Point {
  const length = Math.max(distance(a, b), 1e-9);
  return [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
}
