import { describe, expect, it } from "vitest";

import { hiddenOf, layersOf } from "./layers";

describe("layers", () => {
  it("are all shown at first", () => {
    expect(Object.values(layersOf(""))).toEqual([true, true, true, true, true]);
  });

  it("come back as they were kept", () => {
    const chosen = { ...layersOf(""), trails: false, masks: false };
    expect(layersOf(hiddenOf(chosen))).toEqual(chosen);
  });

  it("leave out names that nobody knows", () => {
    expect(hiddenOf(layersOf("zones,heat"))).toBe("zones");
  });
});
