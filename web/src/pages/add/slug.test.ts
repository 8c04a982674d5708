import { describe, expect, it } from "vitest";

import { freeId, isId, slugOf } from "./slug";

describe("slugOf", () => {
  it.each([
    ["Front door", "front-door"],
    ["  Tür (links) ", "tur-links"],
    ["后院", ""],
    ["后院 Cam 2", "cam-2"],
    ["192.168.1.64", ""],
    ["📷 Gate", "gate"],
    ["x".repeat(200), "x".repeat(56)],
    ["", ""],
  ])("%s gives %s", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });
});

describe("freeId", () => {
  const taken = new Set(["door", "door-2", "camera-1"]);
  const isTaken = (id: string) => taken.has(id);

  it.each([
    ["Yard", "yard"],
    ["Door", "door-3"],
    ["后院", "camera-2"],
    ["new", "new-2"],
    ["COM1", "com1-2"],
  ])("%s becomes %s", (name, id) => {
    expect(freeId(name, isTaken)).toBe(id);
  });
});

describe("isId", () => {
  it.each([
    ["front-door", true],
    ["a", true],
    ["Front", false],
    ["-a", false],
    ["a-", false],
    ["a b", false],
    ["a".repeat(65), false],
    ["", false],
  ])("%s: %s", (text, right) => {
    expect(isId(text)).toBe(right);
  });
});
