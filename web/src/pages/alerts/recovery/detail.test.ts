import { describe, expect, it } from "vitest";

import actions from "../../../../../src/popcam/server/recovery_actions.py?raw";
import { phraseOf } from "./detail";

it.each([
  ["stream opened again", { done: "streamOpened", name: "" }],
  ["moved to worker live-2", { done: "moved", name: "live-2" }],
  ["worker live-2 restarted", { done: "workerRestarted", name: "live-2" }],
  ["asked for by Ann", { done: "askedBy", name: "Ann" }],
  ["it went wrong", null],
])("knows %j", (text, phrase) => expect(phraseOf(text)).toEqual(phrase));

describe("the server's words for what was done", () => {
  const written = [...actions.matchAll(/return f?"([a-z][^"]+)"/g)].map(([, text]) => text?.replace(/\{.*\}/, "x") ?? "");
  it("are there", () => expect(written.length).toBeGreaterThan(4));
  it.each(written)("are known: %s", (text) => expect(phraseOf(text)).not.toBeNull());
});
