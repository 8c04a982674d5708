import { describe, expect, it } from "vitest";

import { networkFinding } from "./address";
import { addressOf, EXAMPLE_HOST, MAKERS } from "./makers";

describe("the makers' addresses", () => {
  it.each(MAKERS)("$name: may be right", (maker) => {
    expect(networkFinding(addressOf(maker, ""))).toBeNull();
  });

  it.each([
    ["rtsp://10.0.0.5/other", "10.0.0.5"],
    ["10.0.0.5", "10.0.0.5"],
    ["camera.local/stream", "camera.local"],
    ["", EXAMPLE_HOST],
  ])("%s keeps the host %s", (typed, host) => {
    expect(addressOf({ name: "", scheme: "rtsp", path: "/a" }, typed)).toBe(`rtsp://${host}/a`);
  });
});
