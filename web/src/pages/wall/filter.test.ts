import { describe, expect, it } from "vitest";

import type { Camera } from "../../api/types";
import { EVERYTHING, groupsOf, isFiltering, isShown, isTroubled } from "./filter";

const status = (state: string, fault = false) => ({ state, running: true, last_error: fault ? {} : null });
const camera = (fields: object = {}) =>
  ({ id: "front-1", name: "Front Door 前门", groups: ["Ground floor"], wanted: true, status: status("running"), ...fields }) as Camera;

describe("isShown", () => {
  it.each(["", "  ", "front", "DOOR front", "前门", "front-1", "ground door"])("finds it by: %s", (text) => {
    expect(isShown(camera(), { ...EVERYTHING, text })).toBe(true);
  });

  it.each(["back", "front back", "后门"])("does not find it by: %s", (text) => {
    expect(isShown(camera(), { ...EVERYTHING, text })).toBe(false);
  });

  it("wants the very group", () => {
    expect([isShown(camera(), { ...EVERYTHING, group: "Ground floor" }), isShown(camera(), { ...EVERYTHING, group: "Ground" })]).toEqual([true, false]);
  });

  it("leaves out cameras without trouble when asked for trouble", () => {
    expect(isShown(camera(), { ...EVERYTHING, troubled: true })).toBe(false);
  });
});

describe("isTroubled", () => {
  it("is a camera that should deliver and does not", () => {
    expect(isTroubled(camera({ status: status("reconnecting") }))).toBe(true);
  });

  it("is a camera that delivers with a fault", () => {
    expect(isTroubled(camera({ status: status("running", true) }))).toBe(true);
  });

  it("is none that was stopped on purpose", () => {
    expect(isTroubled(camera({ wanted: false, status: status("stopped") }))).toBe(false);
  });
});

it("knows whether anything is left out", () => {
  expect([EVERYTHING, { ...EVERYTHING, text: " " }, { ...EVERYTHING, group: "a" }, { ...EVERYTHING, troubled: true }].map(isFiltering)).toEqual([false, false, true, true]);
});

it("names each group once, sorted", () => {
  expect(groupsOf([camera(), camera({ groups: ["Attic", "Ground floor"] }), camera({ groups: [] })], "en")).toEqual(["Attic", "Ground floor"]);
});
