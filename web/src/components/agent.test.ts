import { describe, expect, it } from "vitest";

import { describeAgent, isPhone } from "./agent";

const CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

describe("a browser", () => {
  it.each([
    [CHROME, "Chrome · Windows"],
    [`${CHROME} Edg/140.0.0.0`, "Edge · Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari · macOS"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"],
    ["Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome · Android"],
    ["curl/8.5.0", "curl"],
    ["SmartTV", "SmartTV"],
    ["", ""],
  ])("that says %j is %j", (agent, told) => {
    expect(describeAgent(agent)).toBe(told);
  });

  it("of a phone is known", () => {
    expect([isPhone("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)"), isPhone(CHROME)]).toEqual([true, false]);
  });
});
