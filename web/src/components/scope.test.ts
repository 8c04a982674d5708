import { describe, expect, it } from "vitest";

import { choices, EVERYTHING, isWhole, toggled } from "./scope";

describe("a limit", () => {
  it("is none until something is named", () => {
    expect([isWhole(EVERYTHING), isWhole({ cameras: [], groups: null })]).toEqual([true, false]);
  });

  it("takes cameras and groups in and out", () => {
    const one = toggled(EVERYTHING, "cameras", "door");
    expect(one).toEqual({ cameras: ["door"], groups: [] });
    const both = toggled(one, "groups", "yard");
    expect(both).toEqual({ cameras: ["door"], groups: ["yard"] });
    expect(toggled(both, "cameras", "door")).toEqual({ cameras: [], groups: ["yard"] });
  });

  it("offers what was chosen and is gone, so that it can be taken out", () => {
    expect(choices(["door", "yard"], ["old", "door"])).toEqual(["door", "yard", "old"]);
  });
});
