import { describe, expect, it } from "vitest";

import { LATE_FOR_MS, LATE_MS, Meter } from "./meter";

/** Show one picture each `everyMs`, `latencyMs` after it was captured. */
function show(meter: Meter, fromMs: number, count: number, everyMs: number, latencyMs: number): number {
  let nowMs = fromMs;
  for (let index = 0; index < count; index++, nowMs += everyMs) meter.shown(nowMs, (nowMs - latencyMs) / 1000);
  return nowMs;
}

describe("Meter", () => {
  it("counts pictures per second", () => {
    const meter = new Meter();
    const nowMs = show(meter, 0, 50, 40, 10);
    expect(meter.fps(nowMs)).toBeCloseTo(25);
  });

  it("gives the median latency", () => {
    const meter = new Meter();
    meter.shown(1000, 0.99);
    meter.shown(1100, 1.08);
    meter.shown(1200, 0.7);
    expect(meter.latencyMs()).toBeCloseTo(20);
  });

  it("says null where times are unknown", () => {
    const meter = new Meter();
    meter.shown(1000, null);
    expect(meter.latencyMs()).toBeNull();
  });

  it("calls pictures late that come ever later, and only when it lasts", () => {
    const meter = new Meter();
    let nowMs = show(meter, 0, 10, 100, 50);
    nowMs = show(meter, nowMs, 10, 100, 60 + LATE_MS);
    expect(meter.isLate(nowMs)).toBe(false);
    nowMs = show(meter, nowMs, LATE_FOR_MS / 100, 100, 60 + LATE_MS);
    expect(meter.isLate(nowMs)).toBe(true);
  });

  it("does not call pictures late because two clocks differ", () => {
    const meter = new Meter();
    const nowMs = show(meter, 0, 200, 100, 60_000);
    expect(meter.isLate(nowMs)).toBe(false);
  });

  it("tells how long nothing came", () => {
    const meter = new Meter();
    expect(meter.quietMs(0)).toBe(Infinity);
    meter.shown(1000, null);
    expect(meter.quietMs(3500)).toBe(2500);
  });
});
