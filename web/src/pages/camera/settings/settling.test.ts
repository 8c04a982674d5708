import { describe, expect, it } from "vitest";

import type { CameraStatus } from "../../../api/types";
import { settlingOf } from "./settling";

const status = (state: CameraStatus["state"], more: Partial<CameraStatus> = {}) =>
  ({ running: state !== "stopped", state, last_error: null, ...more }) as CameraStatus;

const fault = { code: "source.unreachable", title: "", detail: "", hint: "", retryable: true, at_unix_s: 1, count: 1 };

describe("settlingOf", () => {
  it.each([
    ["none", "none", true, status("running"), 9],
    ["waiting", "live", true, status("running"), 0.1],
    ["back", "live", true, status("running"), 3],
    ["back", "reopen", true, status("idle"), 3],
    ["waiting", "reopen", true, status("starting"), 3],
    ["failed", "reopen", true, status("reconnecting", { last_error: fault }), 3],
    ["stopped", "stop", false, status("stopped"), 0.1],
    ["waiting", "stop", false, status("running"), 0.1],
  ] as const)("is %s after %s", (expected, effect, wanted, now, savedS) => {
    expect(settlingOf(effect, wanted, now, savedS)).toBe(expected);
  });
});
