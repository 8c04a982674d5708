import { describe, expect, it } from "vitest";

import { controlOf, effectOf, freshValue, settingAt, type Control, type SettingSchema } from "./schema";
import { matches, matchesItself } from "./search";

describe("controlOf", () => {
  const cases: [Control, SettingSchema][] = [
    ["switch", { type: "boolean" }],
    ["number", { type: ["integer", "null"] }],
    ["choice", { type: "string", enum: ["a"] }],
    ["text", { type: "string" }],
    ["secret", { type: "string", writeOnly: true }],
    ["words", { type: "array", items: { type: "string" } }],
    ["picks", { type: "array", items: { type: "string", enum: ["a"] } }],
    ["rows", { type: "array", items: { type: "object", properties: {} } }],
    ["section", { type: "object", properties: {} }],
    ["optional", { type: ["object", "null"], properties: {} }],
    ["other", { type: "array", items: { type: "array" } }],
    ["other", { type: "object", additionalProperties: {} }],
  ];

  it.each(cases)("%s for %j", (control, schema) => {
    expect(controlOf(schema)).toBe(control);
  });
});

describe("freshValue", () => {
  it("takes defaults, and leaves the rest empty", () => {
    const schema: SettingSchema = {
      properties: { url: { type: "string" }, loop: { type: "boolean", default: true }, fps: { type: ["number", "null"] } },
    };
    expect(freshValue(schema)).toEqual({ url: "", loop: true, fps: null });
  });
});

describe("matches", () => {
  const gate: SettingSchema = {
    title: "Motion",
    description: "When there is something to look at.",
    properties: { cooldown_s: { title: "Motion lasts after", description: "" }, enabled: { title: "On", "x-choices": { blur: "模糊" } } },
  };

  it.each(["motion", "COOLDOWN_S", "something look", "模糊", "cooldown s", ""])("finds %j", (query) => {
    expect(matches("gate", gate, query)).toBe(true);
  });

  it("does not find what is not there", () => {
    expect(matches("gate", gate, "recording")).toBe(false);
  });

  it("tells a section that matches by itself from one that holds a match", () => {
    expect(matchesItself("gate", gate, "something")).toBe(true);
    expect(matchesItself("gate", gate, "cooldown")).toBe(false);
  });
});

describe("settingAt", () => {
  const camera: SettingSchema = {
    properties: {
      gate: { title: "Motion", properties: { enabled: { title: "On", "x-effect": "live" } } },
      zones: { title: "Zones", "x-effect": "live", items: { properties: { name: { title: "Name" } } } },
      name: { "x-effect": "none" },
      active: { "x-effect": "stop" },
    },
  };

  it("names the way to it", () => {
    expect(settingAt(camera, ["gate", "enabled"])?.titles).toEqual(["Motion", "On"]);
    expect(settingAt(camera, ["zones", 1, "name"])?.titles).toEqual(["Zones", "2", "Name"]);
  });

  it("knows no place that is not there", () => {
    expect(settingAt(camera, ["gone"])).toBeNull();
  });

  it("tells the most noticeable effect", () => {
    expect(effectOf(camera, [["name"], ["gate", "enabled"]], {})).toBe("live");
    expect(effectOf(camera, [["active"], ["zones"]], {})).toBe("stop");
    expect(effectOf(camera, [["name"]], {})).toBe("none");
  });

  it("depends on other settings where the server says so", () => {
    const acts: SettingSchema = { properties: { kind: { "x-effect": "live", "x-effect-with": { second: "reopen" } } } };
    expect([{}, { second: null }, { second: { url: "x" } }].map((values) => effectOf(acts, [["kind"]], values))).toEqual(["live", "live", "reopen"]);
  });
});
