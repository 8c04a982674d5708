import { expect, it } from "vitest";

import { savedWords } from "./savedWords";
import type { SavedSettings } from "./types";

const words = (cameras: Partial<SavedSettings["cameras"]>) =>
  savedWords(
    { applied: [], needs_restart: [], cameras: { added: [], removed: [], changed: [], kept: [], ...cameras } } as unknown as SavedSettings,
    (key, values) => `${key}${values ? ` ${JSON.stringify(values)}` : ""}`,
  );

it("says which cameras changed", () => {
  expect(words({ added: ["a"], removed: ["b"], changed: ["c"] })).toBe('settings.saved settings.savedCameras {"ids":"a, b, c"}');
});

it("says which cameras left the file and go on all the same", () => {
  expect(words({ kept: ["door"] })).toBe('settings.saved settings.savedKept {"ids":"door"}');
});
