import { describe, expect, it } from "vitest";

import type { AuditEntry } from "../../api/access";
import { EVERYTHING, filterOf, isEverything, matches, parametersOf, queryOf, type AuditFilter } from "./filter";

const NOW = 1_800_000_000;
const asked = (filter: Partial<AuditFilter>) => Object.fromEntries(parametersOf({ ...EVERYTHING, ...filter }, NOW));

describe("an address", () => {
  it("says the filter, and is read again", () => {
    const filter: AuditFilter = { ...EVERYTHING, person: "ann", on: "camera:door", result: "refused", range: "custom", from: "2026-11-22T10:00" };
    expect(filterOf(queryOf(filter))).toEqual(filter);
    expect([isEverything(filter), isEverything(filterOf({}))]).toEqual([false, true]);
  });

  it("may hold nonsense", () => {
    expect(filterOf({ result: "fine", range: "year", from: "x", person: ["a"] })).toEqual(EVERYTHING);
  });
});

describe("the server", () => {
  it("is asked for whole areas of actions, or for one", () => {
    expect([asked({ action: "camera" }), asked({ action: "camera.start" }), asked({})]).toEqual([{ action: "camera.*" }, { action: "camera.start" }, {}]);
  });

  it("is asked for times since 1970", () => {
    expect(asked({ range: "hour" })).toEqual({ since: String(NOW - 3600) });
    expect(asked({ range: "custom", to: "2026-11-22T10:00" })).toEqual({ until: String(new Date("2026-11-22T10:00").getTime() / 1000) });
  });
});

describe("news", () => {
  const entry = { unix_s: NOW - 60, action: "camera.start", result: "ok", on: "camera:door", who: { name: "ann" } } as AuditEntry;
  it.each<[Partial<AuditFilter>, boolean]>([
    [{}, true],
    [{ person: "ann", on: "camera:door", action: "camera", result: "ok", range: "hour" }, true],
    [{ action: "camera.start" }, true],
    [{ on: "camera:*" }, true],
    [{ action: "cam" }, false],
    [{ person: "bob" }, false],
    [{ on: "camera:do" }, false],
    [{ result: "failed" }, false],
    [{ range: "custom", to: "2020-01-01T00:00" }, false],
  ])("that pass %j: %s", (filter, yes) => {
    expect(matches(entry, { ...EVERYTHING, ...filter }, NOW)).toBe(yes);
  });
});
