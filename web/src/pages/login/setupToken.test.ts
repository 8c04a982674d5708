import { describe, expect, it } from "vitest";

import { tokenOfAddress, tokenOfText } from "./setupToken";

describe("the set-up token", () => {
  it("comes from the address, best from behind its #", () => {
    expect(tokenOfAddress("#token=abc-_9", undefined)).toBe("abc-_9");
    expect(tokenOfAddress("", "abc")).toBe("abc");
    expect(tokenOfAddress("#token=new", "old")).toBe("new");
    expect(tokenOfAddress("", ["a", "b"])).toBe("");
  });

  it.each([
    ["abc-_9", "abc-_9"],
    ["  abc\n", "abc"],
    ["http://127.0.0.1:8080/setup#token=abc-_9", "abc-_9"],
    ["Open https://cam.lan/setup?x=1&token=abc now", "abc"],
  ])("is found in what was pasted: %j", (text, token) => {
    expect(tokenOfText(text)).toBe(token);
  });
});
