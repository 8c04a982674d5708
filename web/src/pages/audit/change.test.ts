import { expect, it } from "vitest";

import { changesOf, nameIn } from "./change";

it("only what differs is told, by its path", () => {
  const before = { name: "Door", record: { enabled: false, days: 3 }, groups: ["a"] };
  const after = { name: "Door", record: { enabled: true, days: 3 }, groups: ["a", "b"], note: null };
  expect(changesOf(before, after)).toEqual([
    { field: "record.enabled", before: "false", after: "true" },
    { field: "groups", before: '["a"]', after: '["a","b"]' },
    { field: "note", before: "", after: "null" },
  ]);
});

it("what was made, or is gone, is told whole", () => {
  expect(changesOf(null, { role: "viewer" })).toEqual([{ field: "role", before: "", after: '"viewer"' }]);
  expect(changesOf("on", null)).toEqual([{ field: "", before: '"on"', after: "" }]);
  expect(changesOf(null, null)).toEqual([]);
});

it("the name of a thing is the one that it has now", () => {
  expect([nameIn({ before: { name: "a" }, after: { name: "b" } }), nameIn({ before: { name: "a" }, after: null }), nameIn({ before: 1, after: { name: 2 } })]).toEqual(["b", "a", undefined]);
});
