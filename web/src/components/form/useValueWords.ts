import { computed, type ComputedRef } from "vue";

import { useWords } from "../../i18n";
import type { ValueWords } from "./valueText";

/** The words for values, in the reader's language. */
export function useValueWords(): ComputedRef<ValueWords> {
  const { t, locale } = useWords();
  return computed(() => {
    const numbers = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 6, useGrouping: false });
    return {
      on: t("form.on"),
      off: t("form.off"),
      unset: t("form.unset"),
      empty: t("form.empty"),
      entries: (count) => t("form.entries", { count }),
      number: (value) => numbers.format(value),
    };
  });
}
