import { describe, expect, it } from "vitest";

import { arranged, movedTo, orderOf, placeAfterKey } from "./order";

describe("arranged", () => {
  it("puts new cameras at the end and leaves out those that are gone", () => {
    expect(arranged(["a", "b", "c", "d"], ["c", "gone", "a"])).toEqual(["c", "a", "b", "d"]);
  });

  it("is the server's order where nothing was moved", () => {
    expect(arranged(["b", "a"], [])).toEqual(["b", "a"]);
  });

  it("shows a camera once, however often it was stored", () => {
    expect(arranged(["a", "b"], ["b", "b"])).toEqual(["b", "a"]);
  });
});

describe("movedTo", () => {
  it.each([
    ["a", "c", false, ["b", "a", "c", "d"]],
    ["a", "c", true, ["b", "c", "a", "d"]],
    ["d", "a", false, ["d", "a", "b", "c"]],
    ["a", "d", true, ["b", "c", "d", "a"]],
  ])("puts %s beside %s (after: %s)", (id, target, after, wanted) => {
    expect(movedTo(["a", "b", "c", "d"], id, target, after)).toEqual(wanted);
  });

  it("leaves the order as it is for a camera that is not there", () => {
    const order = ["a", "b"];
    expect([movedTo(order, "x", "a", true), movedTo(order, "a", "x", true), movedTo(order, "a", "a", true)]).toEqual([order, order, order]);
  });
});

describe("placeAfterKey", () => {
  it.each([
    ["ArrowLeft", 4, 3],
    ["ArrowRight", 4, 5],
    ["ArrowUp", 4, 1],
    ["ArrowDown", 4, 7],
    ["ArrowUp", 1, 0],
    ["ArrowDown", 8, 9],
    ["Home", 4, 0],
    ["End", 4, 9],
  ])("%s moves %i to %i", (key, from, to) => {
    expect(placeAfterKey(key, from, 10, 3)).toBe(to);
  });

  it("is nothing for other keys", () => {
    expect(placeAfterKey("a", 4, 10, 3)).toBeNull();
  });
});

describe("orderOf", () => {
  it("reads what was stored", () => {
    expect(orderOf('["a","b"]')).toEqual(["a", "b"]);
  });

  it.each([null, "", "{", '{"a":1}', "3"])("is empty for %s", (stored) => {
    expect(orderOf(stored)).toEqual([]);
  });
});
