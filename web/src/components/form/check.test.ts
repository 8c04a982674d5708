import { describe, expect, it } from "vitest";

import { mistakes } from "./check";
import type { Json } from "./json";
import type { SettingSchema } from "./schema";

const rules = (schema: SettingSchema, value: Json | undefined) => mistakes(schema, value).map(({ rule, bound }) => [rule, bound]);

describe("mistakes", () => {
  const cases: [string, SettingSchema, Json | undefined, unknown[]][] = [
    ["a number within its limits", { type: "number", minimum: 0, maximum: 1 }, 1, []],
    ["a number too small", { type: "number", minimum: 0 }, -0.1, [["min", 0]]],
    ["a number at an excluded end", { type: "number", exclusiveMinimum: 0 }, 0, [["above", 0]]],
    ["a number too large", { type: "integer", maximum: 9 }, 10, [["max", 9]]],
    ["a fraction where a whole number is wanted", { type: "integer" }, 1.5, [["whole", 0]]],
    ["no number", { type: "number" }, null, [["required", 0]]],
    ["words instead of a number", { type: "number" }, "two", [["number", 0]]],
    ["unset, where that is possible", { type: ["number", "null"], minimum: 0 }, null, []],
    ["an empty text that is needed", { type: "string", minLength: 1 }, "", [["required", 0]]],
    ["an empty text that is not", { type: "string" }, "", []],
    ["a long text", { type: "string", maxLength: 2 }, "三个字", [["longer", 2]]],
    ["emoji counted as people do", { type: "string", maxLength: 2 }, "🚪🚪", []],
    ["an unknown choice", { type: "string", enum: ["a", "b"] }, "c", [["choice", 0]]],
    ["too many entries", { type: "array", maxItems: 1, items: { type: "string" } }, ["a", "b"], [["more", 1]]],
    ["too few entries", { type: "array", minItems: 3, items: { type: "number" } }, [1], [["fewer", 3]]],
  ];

  it.each(cases)("%s", (_what, schema, value, expected) => {
    expect(rules(schema, value)).toEqual(expected);
  });

  it("names the place", () => {
    const schema: SettingSchema = {
      properties: { restream: { type: "array", items: { properties: { url: { type: "string", minLength: 1 } }, required: ["url"] } } },
    };
    expect(mistakes(schema, { restream: [{ url: "rtsp://a" }, { url: "" }] }).map(({ key }) => key)).toEqual(["restream[1].url"]);
    expect(mistakes(schema, { restream: [{}] }).map(({ key }) => key)).toEqual(["restream[0].url"]);
  });

  it("lets a document leave out what has a default", () => {
    expect(rules({ properties: { a: { type: "number", default: 1 } } }, {})).toEqual([]);
  });
});
