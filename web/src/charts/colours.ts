/** Colours of our tokens as a canvas takes them; another theme has others. */
import { computed } from "vue";

import { isDark } from "../state/theme";

const LINES = 6;

function tokenColour(token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

export const chartColours = computed(() => {
  void isDark.value;
  return {
    lines: Array.from({ length: LINES }, (_, index) => tokenColour(`chart-${String(index + 1)}`)),
    text: tokenColour("text-soft"),
    strong: tokenColour("text"),
    grid: tokenColour("line"),
    surface: tokenColour("surface"),
  };
});

export type ChartColours = (typeof chartColours)["value"];

/** The colour of the nth line; later rounds are dashed, so that they can still be told apart. */
export const lineOf = (colours: ChartColours, index: number) => colours.lines[index % LINES] ?? colours.text;
export const dashOf = (index: number) => [[], [6, 4], [2, 3], [10, 3, 2, 3]][Math.floor(index / LINES) % 4] ?? [];
