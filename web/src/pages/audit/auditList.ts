import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import type { AuditEntry, AuditPage } from "../../api/access";
import { getJson } from "../../api/client";
import { failureOf } from "../../api/failing";
import type { Failure } from "../../i18n/failure";
import { matches, parametersOf, type AuditFilter } from "./filter";
import { withFresh, withOlder } from "./paging";

const PAGE = 50;
const nowUnixS = () => Date.now() / 1000;

/** Entries that match, newest first: read page by page, and as they are told while the page follows. */
export function useAuditList(filter: Readonly<Ref<AuditFilter>>) {
  const items = shallowRef<readonly AuditEntry[]>([]);
  const cursor = ref<string | null>(null);
  const loading = ref(false);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let request = new AbortController();

  async function read(from: string | null): Promise<void> {
    const mine = request;
    const parameters = parametersOf(filter.value, nowUnixS());
    parameters.set("limit", String(PAGE));
    if (from !== null) parameters.set("cursor", from);
    loading.value = true;
    failure.value = null;
    try {
      const page = await getJson<AuditPage>(`/api/v1/audit?${parameters.toString()}`, { signal: mine.signal });
      if (mine !== request) return;
      items.value = withOlder(items.value, page.items);
      cursor.value = page.next_cursor;
      loaded.value = true;
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    } finally {
      if (mine === request) loading.value = false;
    }
  }

  function reload(): void {
    request.abort();
    request = new AbortController();
    items.value = [];
    cursor.value = null;
    loaded.value = false;
    void read(null);
  }

  /** Read what came since the list was read, and keep what is shown. */
  async function catchUp(): Promise<void> {
    const mine = request;
    try {
      const page = await getJson<AuditPage>(`/api/v1/audit?${parametersOf(filter.value, nowUnixS()).toString()}&limit=${String(PAGE)}`, { signal: mine.signal });
      if (mine === request && loaded.value) items.value = page.items.reduce(withFresh, items.value);
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    }
  }

  function hear(entry: AuditEntry): void {
    if (loaded.value && matches(entry, filter.value, nowUnixS())) items.value = withFresh(items.value, entry);
  }

  watch(filter, reload, { immediate: true });
  onScopeDispose(() => request.abort());
  return {
    items,
    loading,
    loaded,
    failure,
    older: computed(() => cursor.value !== null),
    more: () => void (loading.value ? undefined : read(cursor.value)),
    reload,
    hear,
    catchUp,
  };
}
