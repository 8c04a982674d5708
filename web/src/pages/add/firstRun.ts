import { defineAsyncComponent } from "vue";

import { loadWords } from "../../i18n";

/** The guide of an empty wall. It is fetched only where there is no camera. */
export const FirstRun = defineAsyncComponent(async () => {
  const [guide] = await Promise.all([import("./FirstRun.vue"), loadWords("add")]);
  return guide.default;
});
