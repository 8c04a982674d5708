import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";

import { getJson } from "../api/client";
import { failureOf } from "../api/failing";
import type { Failure } from "../i18n/failure";

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next_cursor?: string | null;
}

/** News come in bursts; the list is read once for all of them. */
const GATHER_MS = 1_000;

/** A long list that is read page by page; it begins anew when what is asked for changes. `path`: with its parameters, but
 * without the page. `again`: there may be something new; who has gone on to older pages keeps what is shown. */
export function usePages<Item, Body extends PageOf<Item> = PageOf<Item>>(path: () => string, again: () => unknown = () => null) {
  const items = shallowRef<readonly Item[]>([]);
  /** The newest page as a whole, for what stands beside its items. */
  const page = shallowRef<Body | null>(null);
  const cursor = ref<string | null>(null);
  const loading = ref(false);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let request = new AbortController();
  let goneOn = false;

  async function read(from: string | null): Promise<void> {
    const mine = request;
    loading.value = true;
    failure.value = null;
    try {
      const mark = path().includes("?") ? "&" : "?";
      const read = await getJson<Body>(from === null ? path() : `${path()}${mark}cursor=${encodeURIComponent(from)}`, { signal: mine.signal });
      if (mine !== request) return;
      items.value = from === null ? read.items : [...items.value, ...read.items];
      page.value = read;
      goneOn = from !== null;
      cursor.value = read.next_cursor ?? null;
      loaded.value = true;
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    } finally {
      if (mine === request) loading.value = false;
    }
  }

  /** Read the first page anew; what is shown stays until then. */
  function reload(): Promise<void> {
    request.abort();
    request = new AbortController();
    return read(null);
  }

  let gathering: ReturnType<typeof setTimeout> | undefined;
  watch(path, () => void reload(), { immediate: true });
  watch(again, () => {
    gathering ??= setTimeout(() => {
      gathering = undefined;
      if (!goneOn) void reload();
    }, GATHER_MS);
  });
  onScopeDispose(() => {
    clearTimeout(gathering);
    request.abort();
  });
  return { items, page, loading, loaded, failure, older: computed(() => cursor.value !== null), more: () => void (loading.value ? undefined : read(cursor.value)), reload };
}
