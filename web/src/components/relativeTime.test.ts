import { expect, it } from "vitest";

import { formatDuration } from "./relativeTime";

it.each([
  [-3, "en", "0 sec"],
  [59.4, "en", "59 sec"],
  [61, "en", "1 min"],
  [7_199, "en", "1 hr"],
  [200_000, "en", "2 days"],
  [125, "zh", "2分钟"],
])("%d s in %s is %j", (seconds, language, expected) => expect(formatDuration(seconds, language)).toBe(expected));
