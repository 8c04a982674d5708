import { describe, expect, it } from "vitest";

import { passwordProblem } from "./newPassword";

describe("a new password", () => {
  it("has twelve letters, as people count them", () => {
    expect(passwordProblem("eleven char", "ann")).toEqual({ kind: "short", missing: 1 });
    expect(passwordProblem("twelve chars", "ann")).toBeNull();
    expect(passwordProblem("🔑".repeat(12), "ann")).toBeNull();
  });

  it("is not the name, however that is written", () => {
    expect(passwordProblem("Administrator ", "administrator")).toEqual({ kind: "name" });
    expect(passwordProblem("administrator", "")).toBeNull();
  });
});
