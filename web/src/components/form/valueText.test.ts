import { describe, expect, it } from "vitest";

import type { Json } from "./json";
import type { SettingSchema } from "./schema";
import { isDefault, limitsText, valueText } from "./valueText";

const words = { on: "on", off: "off", unset: "not set", empty: "empty", entries: (n: number) => `${String(n)} entries`, number: String };

describe("valueText", () => {
  const cases: [Json | undefined, SettingSchema, string][] = [
    [5, { "x-unit": "s" }, "5 s"],
    [true, {}, "on"],
    ["hide", { "x-choices": { hide: "Hide faces" } }, "Hide faces"],
    ["", {}, "empty"],
    [null, {}, "not set"],
    [["auto", "cuda"], { "x-choices": { auto: "Automatic" } }, "Automatic, cuda"],
    [[], {}, "empty"],
    [[{ name: "step" }, { name: "gate" }], {}, "step, gate"],
    [[[[0, 1]]], {}, "1 entries"],
  ];

  it.each(cases)("shows %j of %j as %s", (value, schema, text) => {
    expect(valueText(value, schema, words)).toBe(text);
  });
});

describe("limitsText", () => {
  it.each([
    [{ type: "number", minimum: 0, maximum: 600, "x-unit": "s" }, "0 – 600 s"],
    [{ type: "number", exclusiveMinimum: 0, maximum: 10 }, "> 0 – 10"],
    [{ type: "integer", minimum: 1 }, "1"],
    [{ type: "string", maxLength: 3 }, ""],
  ])("of %j is %s", (schema, text) => {
    expect(limitsText(schema, words)).toBe(text);
  });
});

describe("isDefault", () => {
  it("counts what is left out", () => {
    expect(isDefault(undefined, { default: 1 })).toBe(true);
    expect(isDefault(2, { default: 1 })).toBe(false);
    expect(isDefault("", {})).toBe(false);
  });
});
