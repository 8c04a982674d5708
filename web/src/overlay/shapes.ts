/** Where zones, masks and lines lie in a picture of so many pixels. Pure. */
import type { Size } from "./geometry";

export type PointNorm = readonly [number, number];

/** The `points` of an SVG polygon. */
export function polygonPoints(points: readonly PointNorm[], picture: Size): string {
  return points.map(([x, y]) => `${round(x * picture.width)},${round(y * picture.height)}`).join(" ");
}

/** Where the name of an area goes: in its middle, as the mean of its corners. */
export function middleOf(points: readonly PointNorm[], picture: Size): { x: number; y: number } {
  const count = Math.max(1, points.length);
  const sum = points.reduce((acc, [x, y]) => ({ x: acc.x + x, y: acc.y + y }), { x: 0, y: 0 });
  return { x: (sum.x / count) * picture.width, y: (sum.y / count) * picture.height };
}

/** The arrows of a line, as SVG paths: they point where a crossing goes that makes an event.
 *
 * Seen from start to end, `right` is on the right; y grows downwards, so that is (-dy, dx).
 *
 * @param lengthPx length of an arrow in pixels of the picture.
 */
export function arrowPaths(start: PointNorm, end: PointNorm, direction: string, picture: Size, lengthPx: number): string[] {
  const from = { x: start[0] * picture.width, y: start[1] * picture.height };
  const to = { x: end[0] * picture.width, y: end[1] * picture.height };
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return [];
  const right = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const sides = direction === "both" ? [1, -1] : direction === "right" ? [1] : [-1];
  return sides.map((side) => arrow(middle, { x: right.x * side, y: right.y * side }, lengthPx));
}

function arrow(from: { x: number; y: number }, to: { x: number; y: number }, lengthPx: number): string {
  const tip = { x: from.x + to.x * lengthPx, y: from.y + to.y * lengthPx };
  const barb = (turn: number) => {
    const along = lengthPx * 0.4;
    return `${round(tip.x - (to.x + turn * to.y) * along)} ${round(tip.y - (to.y - turn * to.x) * along)}`;
  };
  return `M${round(from.x)} ${round(from.y)}L${round(tip.x)} ${round(tip.y)}M${barb(1)}L${round(tip.x)} ${round(tip.y)}L${barb(-1)}`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
