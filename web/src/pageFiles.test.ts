import { expect, it, vi } from "vitest";

import { fetchPages } from "./pageFiles";

it("asks for every file of a page that is not there yet", () => {
  const frame = vi.fn(async () => ({}));
  const page = vi.fn(async () => ({}));
  fetchPages([{ components: { default: frame } }, { components: { default: page } }, { components: { default: { name: "There" } } }, { components: null }]);
  expect([frame.mock.calls.length, page.mock.calls.length]).toEqual([1, 1]);
});

it("leaves a failure to the router, which asks again", async () => {
  fetchPages([{ components: { default: () => Promise.reject(new Error("gone")) } }]);
  await new Promise((resolve) => setTimeout(resolve, 0));
});
