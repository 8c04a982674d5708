import { computed, ref, watchEffect } from "vue";

import { remember, rememberedChoice } from "./choices";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED_AS = "popcam.theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = ref(prefersDark.matches);

export const theme = ref<Theme>(rememberedChoice(STORED_AS, THEMES) ?? "auto");

/** What is shown now, for what is not drawn by our own style sheets. */
export const isDark = computed(() => (theme.value === "auto" ? systemIsDark.value : theme.value === "dark"));

/** Show the chosen theme from now on. `auto` leaves it to `prefers-color-scheme`. */
export function followTheme(): void {
  prefersDark.addEventListener("change", (event) => (systemIsDark.value = event.matches));
  watchEffect(
    () => {
      document.documentElement.dataset["theme"] = theme.value;
      remember(STORED_AS, theme.value);
    },
    // At once: what follows `isDark` reads the colours that the style sheets give then.
    { flush: "sync" },
  );
}
