import { describe, expect, it } from "vitest";

import { borderAt, correction, pictureLengthS, stepped } from "./sync";

describe("correction", () => {
  it("leaves alone what is less than half a picture away", () => {
    expect(correction(10, 10.015, 0.04)).toEqual({ toS: null, rate: 1 });
  });

  it("speeds up what is behind and slows down what is ahead, within bounds", () => {
    expect(correction(10, 9.94, 0.04).rate).toBeCloseTo(1.075);
    expect(correction(10, 10.3, 0.04).rate).toBeCloseTo(0.85);
  });

  it("jumps when far away, ahead by what a jump takes", () => {
    expect(correction(10, 8, 0.04, 0.1)).toEqual({ toS: 10.1, rate: 1 });
    expect(correction(10, 12, 0.04, 9).toS).toBeCloseTo(10.35);
  });

  it("brings two videos together within two seconds", () => {
    let [lead, follow] = [5, 4.75];
    for (let tick = 0; tick < 200; tick += 1) {
      const { rate, toS } = correction(lead, follow, 0.04);
      expect(toS).toBeNull();
      lead += 0.01;
      follow += 0.01 * rate;
    }
    expect(Math.abs(lead - follow)).toBeLessThan(0.06);
  });
});

describe("stepped", () => {
  it("goes from picture to picture, and meets their middle", () => {
    expect(stepped(0, 1, 0.04, 2)).toBeCloseTo(0.06);
    expect(stepped(0.06, 1, 0.04, 2)).toBeCloseTo(0.1);
    expect(stepped(0.1, -1, 0.04, 2)).toBeCloseTo(0.06);
  });

  it("stays within the video", () => {
    expect(stepped(0.01, -1, 0.04, 2)).toBeCloseTo(0.02);
    expect(stepped(2, 1, 0.04, 2)).toBeCloseTo(1.98);
  });
});

describe("pictureLengthS", () => {
  it("follows from frames and length, or is a usual one", () => {
    expect(pictureLengthS(300, 10)).toBeCloseTo(1 / 30);
    expect([pictureLengthS(0, 10), pictureLengthS(300, Infinity)]).toEqual([0.04, 0.04]);
  });
});

describe("borderAt", () => {
  it("is where the pointer is, and never outside", () => {
    expect([borderAt(150, 100, 200), borderAt(0, 100, 200), borderAt(999, 100, 200), borderAt(5, 0, 0)]).toEqual([25, 0, 100, 50]);
  });
});
