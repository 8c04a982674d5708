/** Naive UI in the colours of `styles/tokens.css`, light or dark as the page is. */
import { darkTheme, type GlobalTheme, type GlobalThemeOverrides } from "naive-ui";
import { computed, type ComputedRef } from "vue";

import { isDark } from "../state/theme";

export interface NaiveTheme {
  readonly theme: GlobalTheme | null;
  readonly overrides: GlobalThemeOverrides;
}

export const naiveTheme: ComputedRef<NaiveTheme> = computed(() => ({
  theme: isDark.value ? darkTheme : null,
  overrides: overridesOf(tokenColour),
}));

/** What a colour of our tokens is now. Naive UI computes with colours, so it can't be given `var(--accent)`. */
function tokenColour(token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function overridesOf(colour: (token: string) => string): GlobalThemeOverrides {
  const accent = colour("accent");
  const text = colour("text");
  const soft = colour("text-soft");
  const surface = colour("surface");
  const field = colour("field-line");
  return {
    common: {
      primaryColor: accent,
      primaryColorHover: accent,
      primaryColorPressed: accent,
      primaryColorSuppl: accent,
      infoColor: accent,
      infoColorHover: accent,
      infoColorPressed: accent,
      successColor: colour("good"),
      successColorHover: colour("good"),
      warningColor: colour("busy"),
      warningColorHover: colour("busy"),
      errorColor: colour("bad"),
      errorColorHover: colour("bad"),
      errorColorPressed: colour("bad"),
      errorColorSuppl: colour("bad"),
      bodyColor: colour("page"),
      cardColor: surface,
      modalColor: colour("surface-raised"),
      popoverColor: colour("surface-raised"),
      tableColor: surface,
      inputColor: colour("surface-raised"),
      textColorBase: text,
      textColor1: text,
      textColor2: text,
      textColor3: soft,
      // Examples in empty fields have to be readable too (WCAG AA).
      placeholderColor: soft,
      borderColor: colour("line-strong"),
      dividerColor: colour("line"),
      borderRadius: "8px",
      borderRadiusSmall: "6px",
      fontFamily: "var(--font)",
      fontSize: "15px",
      fontSizeMedium: "15px",
      // Easy to hit with a finger, on every screen.
      heightMedium: "40px",
      heightLarge: "44px",
    },
    // Its dark theme draws fields without an edge; where a field begins has to be seen (WCAG 1.4.11).
    Input: { border: `1px solid ${field}`, borderDisabled: `1px solid ${colour("line")}` },
    Checkbox: { border: `1px solid ${field}` },
    Radio: { boxShadow: `inset 0 0 0 1px ${field}` },
    Button: {
      textColorPrimary: colour("on-accent"),
      textColorHoverPrimary: colour("on-accent"),
      textColorPressedPrimary: colour("on-accent"),
      textColorFocusPrimary: colour("on-accent"),
      textColorDisabledPrimary: colour("on-accent"),
    },
  };
}
