import { describe, expect, it } from "vitest";

import { boxRect, containRect, hueOf, labelRect } from "./geometry";

const picture = { left: 0, top: 0, width: 200, height: 100 };

describe("containRect", () => {
  it("centres a wide picture between bars above and below", () => {
    expect(containRect({ width: 1280, height: 720 }, { width: 640, height: 480 })).toEqual({
      left: 0,
      top: 60,
      width: 640,
      height: 360,
    });
  });

  it("centres a tall picture between bars at the sides", () => {
    expect(containRect({ width: 90, height: 160 }, { width: 160, height: 160 })).toEqual({
      left: 35,
      top: 0,
      width: 90,
      height: 160,
    });
  });

  it("gives an empty place before there is a picture", () => {
    expect(containRect({ width: 0, height: 0 }, { width: 10, height: 10 }).width).toBe(0);
  });
});

describe("boxRect", () => {
  it("places a box on the picture", () => {
    expect(boxRect([0.25, 0.5, 0.75, 1], { left: 10, top: 20, width: 200, height: 100 })).toEqual({
      left: 60,
      top: 70,
      width: 100,
      height: 50,
    });
  });

  it("cuts off what leaves the picture", () => {
    expect(boxRect([-0.5, 0.75, 0.5, 1.4], picture)).toEqual({ left: 0, top: 75, width: 100, height: 25 });
  });
});

describe("labelRect", () => {
  const label = { width: 40, height: 12 };

  it("puts the label above the box", () => {
    expect(labelRect({ left: 50, top: 50, width: 20, height: 20 }, label, picture, 2)).toMatchObject({ left: 50, top: 36 });
  });

  it("puts it inside a box that touches the top", () => {
    expect(labelRect({ left: 50, top: 3, width: 20, height: 20 }, label, picture, 2).top).toBe(5);
  });

  it("keeps it within the right side", () => {
    expect(labelRect({ left: 190, top: 50, width: 10, height: 20 }, label, picture, 2).left).toBe(160);
  });
});

describe("hueOf", () => {
  it("keeps neighbouring tracks apart", () => {
    for (let id = 1; id < 20; id++) {
      const apart = Math.abs(hueOf(id) - hueOf(id + 1));
      expect(Math.min(apart, 360 - apart)).toBeGreaterThan(90);
    }
  });
});
