import { describe, expect, it } from "vitest";

import type { Track } from "../live/facts";
import { TRAIL_S, Trails } from "./trails";

const track = (id: number, left: number) => ({ track_id: id, box: [left, 0.2, left + 0.1, 0.4] }) as unknown as Track;

describe("Trails", () => {
  it("keeps the middles of a track's boxes, oldest first", () => {
    const trails = new Trails();
    trails.add([track(1, 0)], 10);
    trails.add([track(1, 0.1)], 10.1);
    expect(trails.of(1).map(({ x, y }) => [x.toFixed(2), y.toFixed(2)])).toEqual([["0.05", "0.30"], ["0.15", "0.30"]]);
  });

  it("forgets what is older than a trail is long", () => {
    const trails = new Trails();
    for (let step = 0; step <= 50; step++) trails.add([track(1, step / 100)], 10 + step / 10);
    expect(trails.of(1)[0]?.atS).toBeGreaterThanOrEqual(15 - TRAIL_S);
    expect(trails.of(1).at(-1)?.atS).toBe(15);
  });

  it("forgets a track that is gone", () => {
    const trails = new Trails();
    trails.add([track(1, 0)], 10);
    for (let step = 1; step <= 40; step++) trails.add([], 10 + step / 10);
    expect(trails.of(1)).toEqual([]);
  });

  it("begins anew after a pause and when time goes back", () => {
    const trails = new Trails();
    trails.add([track(1, 0)], 10);
    trails.add([track(1, 0.5)], 12);
    expect(trails.of(1)).toHaveLength(1);
    trails.add([track(1, 0)], 3);
    expect(trails.of(1)).toHaveLength(1);
  });

  it("has one point for a track that stands still", () => {
    const trails = new Trails();
    for (let step = 0; step < 20; step++) trails.add([track(1, 0.3)], 10 + step / 10);
    expect(trails.of(1)).toHaveLength(1);
  });
});
