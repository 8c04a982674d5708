import { describe, expect, it } from "vitest";

import { at, equal, isBelow, keyOf, pathOf, withValue } from "./json";

describe("equal", () => {
  it("compares lists and objects by what they hold", () => {
    expect(equal({ a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] })).toBe(true);
  });

  it.each([
    [[1, 2], [2, 1]],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: null }, { a: 0 }],
    [[], {}],
    ["1", 1],
  ])("tells %j from %j", (a, b) => {
    expect(equal(a, b)).toBe(false);
  });
});

describe("withValue", () => {
  const whole = { gate: { enabled: true, masks: [[0, 1]] }, name: "door" };

  it("changes one place and leaves the original", () => {
    expect(withValue(whole, ["gate", "masks", 0, 1], 5)).toEqual({ gate: { enabled: true, masks: [[0, 5]] }, name: "door" });
    expect(whole.gate.masks).toEqual([[0, 1]]);
  });

  it("keeps the order of keys", () => {
    expect(Object.keys(withValue(whole, ["gate", "enabled"], false) as object)).toEqual(["gate", "name"]);
  });

  it("takes a key away", () => {
    expect(withValue(whole, ["gate"], undefined)).toEqual({ name: "door" });
  });

  it("makes what is missing on the way", () => {
    expect(withValue({}, ["a", "b"], 1)).toEqual({ a: { b: 1 } });
  });
});

describe("places", () => {
  it.each([
    ["zones[0].points", ["zones", 0, "points"]],
    ["gate.masks[2][1]", ["gate", "masks", 2, 1]],
    ["name", ["name"]],
  ])("writes and reads %s", (key, path) => {
    expect(keyOf(path)).toBe(key);
    expect(pathOf(key)).toEqual(path);
  });

  it("finds values, and nothing where there is nothing", () => {
    expect(at({ a: [{ b: 7 }] }, ["a", 0, "b"])).toBe(7);
    expect(at({ a: 1 }, ["a", "b", 0])).toBeUndefined();
  });

  it("knows what lies below", () => {
    expect(isBelow(["zones", 0], ["zones"])).toBe(true);
    expect(isBelow(["zones"], ["zones", 0])).toBe(false);
  });
});
