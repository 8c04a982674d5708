import { describe, expect, it } from "vitest";

import type { CheckChangeOut, CheckOut, CheckState } from "../../api/health";
import { counts, goodShare, grouped, segments, worst } from "./checks";

const check = (check_id: string, state: CheckState, more: Partial<CheckOut> = {}): CheckOut => ({
  check_id, name: check_id, subject: "", group: "server", title: check_id, about: "", severity: "warning", state, detail: "", code: "", remedy: "",
  since_unix_s: 0, checked_unix_s: 0, took_s: 0, every_s: 10, ready: false, ...more,
});
const change = (at_unix_s: number, before: CheckState, now: CheckState): CheckChangeOut => ({ at_unix_s, before, now, code: "", detail: "" });
const nameOf = ({ subject }: CheckOut) => (subject === "door" ? "Front door" : subject);

describe("worst", () => {
  it("is ok for nothing at all", () => expect(worst([])).toBe("ok"));
  it.each([
    [["ok", "absent"], "absent"],
    [["ok", "warning", "unknown"], "warning"],
    [["warning", "failed"], "failed"],
  ] as const)("of %j is %s", (states, expected) => {
    expect(worst(states.map((state) => check("a", state)))).toBe(expected);
  });
});

it("counts states", () => {
  expect([...counts([check("a", "ok"), check("b", "failed"), check("c", "ok")])]).toEqual([["ok", 2], ["failed", 1]]);
});

describe("grouped", () => {
  const door = check("camera.frozen:door", "failed", { group: "cameras", subject: "door" });
  const yard = check("camera.frozen:yard", "ok", { group: "cameras", subject: "yard" });
  const all = [yard, check("server.loop", "ok"), door];
  const ids = (...wanted: Parameters<typeof grouped>) => grouped(...wanted).map(({ group, checks }) => [group, ...checks.map(({ check_id }) => check_id)]);

  it("keeps the order of groups and puts the worst first", () => {
    expect(ids(all, "", "", nameOf)).toEqual([["server", "server.loop"], ["cameras", "camera.frozen:door", "camera.frozen:yard"]]);
  });

  it("finds by the name of the camera", () => expect(ids(all, "front D", "", nameOf)).toEqual([["cameras", "camera.frozen:door"]]));
  it("takes one state only", () => expect(ids(all, "", "ok", nameOf)).toEqual([["server", "server.loop"], ["cameras", "camera.frozen:yard"]]));
  it("shows a group that it does not know", () => {
    expect(ids([check("x", "ok", { group: "backups" as "server" })], "", "", nameOf)).toEqual([["backups", "x"]]);
  });
});

describe("segments", () => {
  const now = (state: CheckState, since_unix_s: number) => ({ state, since_unix_s });

  it("is one piece when nothing changed", () => {
    expect(segments(now("ok", 0), [], 100, 200)).toEqual([{ state: "ok", from: 100, until: 200 }]);
  });

  it("is empty before it was looked at", () => {
    expect(segments(now("ok", 150), [], 100, 200)).toEqual([{ state: null, from: 100, until: 150 }, { state: "ok", from: 150, until: 200 }]);
  });

  it("begins as it was before the first change, whatever their order", () => {
    expect(segments(now("ok", 180), [change(180, "failed", "ok"), change(120, "ok", "failed")], 100, 200)).toEqual([
      { state: "ok", from: 100, until: 120 },
      { state: "failed", from: 120, until: 180 },
      { state: "ok", from: 180, until: 200 },
    ]);
  });

  it("is empty before the first look", () => {
    expect(segments(now("ok", 150), [change(150, "unknown", "ok")], 100, 200)).toEqual([{ state: null, from: 100, until: 150 }, { state: "ok", from: 150, until: 200 }]);
  });

  it("knows from earlier changes how it began", () => {
    expect(segments(now("failed", 50), [change(50, "ok", "failed")], 100, 200)).toEqual([{ state: "failed", from: 100, until: 200 }]);
  });
});

describe("goodShare", () => {
  it("counts only what is known", () => {
    const bar = segments({ state: "ok", since_unix_s: 180 }, [change(120, "unknown", "failed"), change(140, "failed", "ok")], 100, 200);
    expect(goodShare(bar)).toBeCloseTo(0.75);
  });
  it("is null of nothing", () => expect(goodShare([])).toBeNull());
});
