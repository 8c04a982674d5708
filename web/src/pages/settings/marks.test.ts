import { describe, expect, it } from "vitest";

import { marksOf, withDefaults } from "./marks";
import type { SettingOut } from "./types";

const say = (key: string, values: Record<string, unknown> = {}) => [key, ...Object.values(values)].join(" ");
const setting = (more: Partial<SettingOut>): SettingOut => ({
  key: "server.port", value: 1, default: 8080, origin: "default", where: "", fixed: false, effect: "now", running: 1, waits: false, ...more,
});
const badges = (more: Partial<SettingOut>) => marksOf([setting(more)], say)["server.port"]?.badges.map(({ text }) => text);

describe("marksOf", () => {
  it.each([
    [{}, ["settings.origin.default"]],
    [{ origin: "file", where: "/etc/popcam.yaml:12" }, ["settings.origin.fileLine 12"]],
    [{ origin: "environment", where: "POPCAM_X" }, ["settings.origin.environment POPCAM_X"]],
    [{ effect: "restart" }, ["settings.origin.default", "settings.restartNeeded"]],
    [{ effect: "restart", waits: true, running: 9 }, ["settings.origin.default", "settings.waits 9"]],
  ] as const)("says of %j", (more, expected) => {
    expect(badges(more)).toEqual(expected);
  });

  it("says why a setting can't be changed", () => {
    expect(marksOf([setting({ fixed: true, where: "POPCAM_X", origin: "environment" })], say)["server.port"]?.fixed).toBe("settings.fixed POPCAM_X");
  });
});

describe("withDefaults", () => {
  it("adds only what the description leaves open", () => {
    const schema = { properties: { server: { properties: { port: { default: 1 }, host: {} } } } };
    const found = withDefaults(schema, [setting({}), setting({ key: "server.host", default: "h" }), setting({ key: "gone.x" })]);
    expect(found).toEqual({ properties: { server: { properties: { port: { default: 1 }, host: { default: "h" } } } } });
  });
});
