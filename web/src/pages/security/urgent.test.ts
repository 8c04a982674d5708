import { describe, expect, it } from "vitest";

import type { Exposure, Finding } from "../../api/access";
import { isLoopback, urgent } from "./urgent";

describe("what every page tells", () => {
  it("is only what lets others see or do what they should not", () => {
    const found = (["ok", "warning", "danger"] as const).map((severity) => ({ code: severity, severity }) as Finding);
    expect(urgent({ ports: [], findings: found } as Exposure).map(({ code }) => code)).toEqual(["danger"]);
    expect(urgent(null)).toEqual([]);
  });
});

describe("a browser's own machine", () => {
  it.each(["localhost", "cam.localhost", "127.0.0.1", "[::1]"])("is %s", (name) => expect(isLoopback(name)).toBe(true));
  it.each(["cam.lan", "192.168.1.2", "127.evil.example", "127.0.0.1.example"])("is not %s", (name) => expect(isLoopback(name)).toBe(false));
});
