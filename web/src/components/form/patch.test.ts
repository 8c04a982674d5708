import { describe, expect, it } from "vitest";

import type { JsonObject } from "./json";
import { changedPaths, differences, mergePatch, onTop } from "./patch";

const camera = {
  name: "Door",
  gate: { enabled: true, sensitivity: 0.5, masks: [] },
  source: { url: "rtsp://a/1", password: "***" },
  zones: [{ name: "step", labels: ["person"] }],
} satisfies JsonObject;

describe("mergePatch", () => {
  it("is empty when nothing changed", () => {
    expect(mergePatch(camera, structuredClone(camera))).toEqual({});
  });

  it("holds only what changed", () => {
    expect(mergePatch(camera, { ...camera, gate: { ...camera.gate, sensitivity: 0.7 } })).toEqual({ gate: { sensitivity: 0.7 } });
  });

  it("holds lists as a whole", () => {
    const zones = [...camera.zones, { name: "gate", labels: ["face"] }];
    expect(mergePatch(camera, { ...camera, zones })).toEqual({ zones });
  });

  it("leaves a masked secret out", () => {
    const source = { ...camera.source, url: "rtsp://b/1" };
    expect(mergePatch(camera, { ...camera, source })).toEqual({ source: { url: "rtsp://b/1" } });
  });

  it("takes away what is unset or gone", () => {
    expect(mergePatch({ a: 1, b: 2 }, { a: null })).toEqual({ a: null, b: null });
  });

  it("resets what is again the default", () => {
    const schema = { properties: { gate: { properties: { sensitivity: { default: 0.7 } } } } };
    const after = { ...camera, gate: { ...camera.gate, sensitivity: 0.7 } };
    expect(mergePatch(camera, after, schema)).toEqual({ gate: { sensitivity: null } });
  });

  it("gives a new section whole", () => {
    expect(mergePatch({ sub_source: null }, { sub_source: { url: "x" } })).toEqual({ sub_source: { url: "x" } });
  });
});

describe("changedPaths", () => {
  it("names single values and whole lists", () => {
    const after = { ...camera, name: "Yard", zones: [], gate: { ...camera.gate, enabled: false } };
    expect(changedPaths(camera, after)).toEqual([["name"], ["gate", "enabled"], ["zones"]]);
  });
});

describe("onTop", () => {
  it("keeps both changes when they are of different settings", () => {
    const theirs = { ...camera, name: "Front door" };
    const mine = { ...camera, gate: { ...camera.gate, sensitivity: 0.9 } };
    expect(onTop(camera, theirs, mine)).toEqual({ ...camera, name: "Front door", gate: { ...camera.gate, sensitivity: 0.9 } });
  });

  it("takes mine where both changed the same setting", () => {
    expect(onTop(camera, { ...camera, name: "A" }, { ...camera, name: "B" })).toEqual({ ...camera, name: "B" });
  });

  it("keeps zones that each of us added", () => {
    const adding = (name: string) => ({ ...camera, zones: [...camera.zones, { name }] });
    const joined = onTop(camera, adding("theirs"), adding("mine"));
    expect(joined["zones"]).toEqual([...camera.zones, { name: "mine" }, { name: "theirs" }]);
  });

  it("lets go of a zone that they deleted and I left alone", () => {
    const mine = { ...camera, zones: [...camera.zones, { name: "mine" }] };
    expect(onTop(camera, { ...camera, zones: [] }, mine)["zones"]).toEqual([{ name: "mine" }]);
  });

  it("keeps a zone that they deleted and I changed", () => {
    const mine = { ...camera, zones: [{ name: "step", labels: ["face"] }] };
    expect(onTop(camera, { ...camera, zones: [] }, mine)["zones"]).toEqual(mine.zones);
  });

  it("joins changes of the same zone setting by setting", () => {
    const theirs = { ...camera, zones: [{ name: "step", labels: ["face"] }] };
    const mine = { ...camera, zones: [{ name: "step", labels: ["person"], points: [[0, 0]] }] };
    expect(onTop(camera, theirs, mine)["zones"]).toEqual([{ name: "step", labels: ["face"], points: [[0, 0]] }]);
  });

  const masked = (...xs: number[]) => ({ ...camera, gate: { ...camera.gate, masks: xs.map((x) => [[x, 0], [x, 1], [1, x]]) } });

  it("keeps masks that each of us drew", () => {
    expect(onTop(masked(0.1), masked(0.1, 0.2), masked(0.1, 0.3))).toEqual(masked(0.1, 0.3, 0.2));
  });

  it("lets go of a mask that they deleted while I drew another", () => {
    expect(onTop(masked(0.1, 0.2), masked(0.2), masked(0.1, 0.2, 0.3))).toEqual(masked(0.2, 0.3));
  });

  it("takes my corners where both moved the same zone", () => {
    const moved = (x: number) => ({ ...camera, zones: [{ name: "step", points: [[x, 0], [x, 1], [1, x]] }] });
    expect(onTop(moved(0.1), moved(0.2), moved(0.3))).toEqual(moved(0.3));
  });
});

describe("differences", () => {
  it("says what they changed, and where we clash", () => {
    const theirs = { ...camera, name: "A", gate: { ...camera.gate, sensitivity: 0.1 } };
    const mine = { ...camera, name: "B" };
    expect(differences(camera, theirs, mine)).toEqual([
      { key: "name", entry: null, before: "Door", theirs: "A", mine: "B", clashes: true },
      { key: "gate.sensitivity", entry: null, before: 0.5, theirs: 0.1, mine: 0.5, clashes: false },
    ]);
  });

  it("is no clash when we both made the same change", () => {
    const both = { ...camera, name: "A" };
    expect(differences(camera, both, both).map((difference) => difference.clashes)).toEqual([false]);
  });

  it("tells masks apart, so that another one of each is no clash", () => {
    const masked = (...xs: number[]) => ({ gate: { masks: xs.map((x) => [[x, 0], [x, 1], [1, x]]) } });
    const mask = masked(0.2).gate.masks[0];
    expect(differences(masked(0.1), masked(0.1, 0.2), masked(0.1, 0.3))).toEqual([
      { key: "gate.masks", entry: "2", before: null, theirs: mask, mine: null, clashes: false },
    ]);
  });

  it("names the entries of a list that differ", () => {
    const theirs = { ...camera, zones: [...camera.zones, { name: "gate" }] };
    expect(differences(camera, theirs, camera)).toEqual([
      { key: "zones", entry: "gate", before: null, theirs: { name: "gate" }, mine: null, clashes: false },
    ]);
  });
});
