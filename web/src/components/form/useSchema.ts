import { shallowRef, watch, type ShallowRef } from "vue";

import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import { useWords } from "../../i18n";
import type { Failure } from "../../i18n/failure";
import type { SettingSchema } from "./schema";

export interface LoadedSchema {
  readonly schema: Readonly<ShallowRef<SettingSchema | null>>;
  readonly failure: Readonly<ShallowRef<Failure | null>>;
  readonly load: () => Promise<void>;
}

/** The description of settings in the reader's language; it follows a switch of language. */
export function useSchema(part: "camera" | "all"): LoadedSchema {
  const { locale } = useWords();
  const schema = shallowRef<SettingSchema | null>(null);
  const failure = shallowRef<Failure | null>(null);
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    failure.value = null;
    try {
      const found = await getJson<SettingSchema>(`/api/v1/settings/schema?part=${part}`);
      if (mine === asked) schema.value = found;
    } catch (error) {
      if (mine === asked) failure.value = failureOf(error);
    }
  }

  watch(locale, load, { immediate: true });
  return { schema, failure, load };
}
