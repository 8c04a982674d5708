import { describe, expect, it } from "vitest";

import { clean, labelsOf, linesOf, NEW_RECOVERY, NEW_RULE, rounded, same } from "./draft";

describe("clean", () => {
  it("keeps of a condition what its kind looks at", () => {
    const draft = { ...NEW_RULE, condition: { ...NEW_RULE.condition, kind: "check" as const, check: "camera.frozen", threshold: 9 } };
    expect(clean(draft).condition).toMatchObject({ kind: "check", check: "camera.frozen", metric: "", threshold: 0, clear_threshold: null });
  });

  it("keeps the figure of a rule about figures", () => {
    expect(clean(NEW_RULE).condition).toMatchObject({ metric: "popcam_camera_fps", threshold: 5, compare: "<" });
  });

  it("drops a target that the action has no use for", () => {
    const draft = { ...NEW_RULE, recovery: [{ ...NEW_RECOVERY, target: "https://x" }, { ...NEW_RECOVERY, action: "webhook" as const, target: " https://x " }] };
    expect(clean(draft).recovery.map(({ target }) => target)).toEqual(["", "https://x"]);
  });
});

describe("same", () => {
  it("does not count what is not sent", () => {
    expect(same(NEW_RULE, { ...NEW_RULE, condition: { ...NEW_RULE.condition, label: "person" } })).toBe(true);
  });
  it("sees a change", () => expect(same(NEW_RULE, { ...NEW_RULE, for_s: 1 })).toBe(false));
});

describe("labels", () => {
  it("are lines, and come back as they were", () => {
    expect(labelsOf(linesOf({ site: "north", team: "a=b" }))).toEqual({ site: "north", team: "a=b" });
  });
  it("leave out what is no line of theirs", () => expect(labelsOf("x\n=y\n a = 1 \n")).toEqual({ a: "1" }));
});

it("loses the dust of a division", () => expect(rounded(7 / 100)).toBe(0.07));
