import { describe, expect, it } from "vitest";

import { stepOf } from "./keys";

describe("stepOf", () => {
  it.each([
    ["ArrowRight", false, false, [0.01, 0]],
    ["ArrowUp", true, false, [0, -0.05]],
    ["ArrowDown", false, true, [0, 0.002]],
    ["Enter", false, false, null],
  ])("%s with shift %s and alt %s", (key, shiftKey, altKey, step) => {
    const found = stepOf({ key, shiftKey, altKey });
    expect(found && found.map((value) => value + 0)).toEqual(step);
  });
});
