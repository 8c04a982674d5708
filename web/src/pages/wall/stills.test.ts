import { describe, expect, it } from "vitest";

import { Gate, stillWidth } from "./stills";

describe("stillWidth", () => {
  it.each([
    [300, 1, 320],
    [300, 2, 640],
    [320, 1, 320],
    [900, 2, 640],
    [0, 1, 160],
  ])("of a tile of %i px at %i: %i", (tilePx, ratio, widthPx) => {
    expect(stillWidth(tilePx, ratio)).toBe(widthPx);
  });
});

describe("Gate", () => {
  it("lets only so many through at once, in their order", async () => {
    const gate = new Gate(2);
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const passes = [1, 2, 3, 4].map((number) =>
      gate.pass(async () => {
        begun.push(number);
        await new Promise<void>((end) => finish.push(end));
      }),
    );
    expect(begun).toEqual([1, 2]);
    finish[0]?.();
    await passes[0];
    expect(begun).toEqual([1, 2, 3]);
    finish[1]?.();
    finish[2]?.();
    await passes[2];
    finish[3]?.();
    await Promise.all(passes);
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it("goes on after a failure", async () => {
    const gate = new Gate(1);
    await expect(gate.pass(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(gate.pass(() => Promise.resolve(7))).resolves.toBe(7);
  });
});
