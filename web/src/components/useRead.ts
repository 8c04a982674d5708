import { onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../api/client";
import { failureOf } from "../api/failing";
import type { Failure } from "../i18n/failure";
import { reachable } from "../state/store";

export interface Read<Body> {
  readonly body: Readonly<Ref<Body | null>>;
  readonly loading: Readonly<Ref<boolean>>;
  readonly failure: Readonly<Ref<Failure | null>>;
  /** Read it anew; what was read before stays until then. */
  readonly reload: () => Promise<void>;
}

/** A resource that a page shows: read when the page opens, again when its address changes or the server is back. `again`:
 * also when this changes, such as the language that its texts are in. */
export function useRead<Body>(path: () => string, again: () => unknown = () => null): Read<Body> {
  const body = shallowRef<Body | null>(null);
  const loading = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let reading = new AbortController();

  async function reload(): Promise<void> {
    reading.abort();
    const mine = (reading = new AbortController());
    loading.value = true;
    try {
      body.value = await getJson<Body>(path(), { signal: mine.signal });
      failure.value = null;
    } catch (error) {
      if (mine === reading) failure.value = failureOf(error);
    } finally {
      if (mine === reading) loading.value = false;
    }
  }

  watch([path, again], () => void reload(), { immediate: true });
  watch(reachable, (now) => {
    if (now && failure.value) void reload();
  });
  onScopeDispose(() => reading.abort());
  return { body, loading, failure, reload };
}
