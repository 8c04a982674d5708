import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";

import { getJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { ItemState, Job, JobItemPage } from "../../../api/jobs";
import type { Failure } from "../../../i18n/failure";
import { hasEnded } from "../describe";
import { itemsOf, pageOf, unsettled, withPage, type ReadPage } from "./pages";

const PAGE_SIZE = 50;
/** News of a job come several times a second; its files are read less often. */
const AGAIN_MS = 1_500;
const AGAIN_PAGES = 3;

/** The files of a job, read page by page, and again while the job works on them. */
export function useItems(job: Readonly<Ref<Job | null>>, state: Readonly<Ref<ItemState | "">>) {
  const pages = shallowRef<readonly ReadPage[]>([]);
  const loading = ref(false);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  const id = computed(() => job.value?.job_id ?? "");
  let request = new AbortController();
  let soon: ReturnType<typeof setTimeout> | undefined;

  async function read(cursor: string | null): Promise<void> {
    const mine = request;
    const parameters = new URLSearchParams({ limit: String(PAGE_SIZE) });
    if (state.value) parameters.set("state", state.value);
    if (cursor !== null) parameters.set("cursor", cursor);
    try {
      const page = await getJson<JobItemPage>(`/api/v1/jobs/${encodeURIComponent(id.value)}/items?${parameters.toString()}`, { signal: mine.signal });
      if (mine !== request) return;
      [pages.value, failure.value, loaded.value] = [withPage(pages.value, pageOf(cursor, page)), null, true];
    } catch (error) {
      if (mine === request) failure.value = failureOf(error);
    }
  }

  async function reload(): Promise<void> {
    request.abort();
    request = new AbortController();
    clearTimeout(soon);
    soon = undefined;
    [pages.value, loaded.value, failure.value] = [[], false, null];
    if (!id.value) return;
    const before = job.value;
    await busy(null);
    if (loaded.value && job.value !== before) soon ??= setTimeout(() => void again(), AGAIN_MS); // it went on meanwhile
  }

  async function busy(cursor: string | null): Promise<void> {
    loading.value = true;
    await read(cursor);
    loading.value = false;
  }

  async function more(): Promise<void> {
    const next = pages.value.at(-1)?.next ?? null;
    if (!loading.value && next !== null) await busy(next);
  }

  async function again(): Promise<void> {
    soon = undefined;
    for (const page of unsettled(pages.value, AGAIN_PAGES)) await read(page.cursor);
  }

  watch([id, state], () => void reload(), { immediate: true });
  watch(job, (now, before) => {
    if (!now || !loaded.value) return;
    const ended = hasEnded(now) && before !== null && before !== undefined && !hasEnded(before);
    if (ended) clearTimeout(soon);
    if (ended) soon = setTimeout(() => void again(), 0);
    else soon ??= setTimeout(() => void again(), AGAIN_MS);
  });
  onScopeDispose(() => {
    clearTimeout(soon);
    request.abort();
  });

  return {
    items: computed(() => itemsOf(pages.value)),
    older: computed(() => (pages.value.at(-1)?.next ?? null) !== null),
    loading,
    loaded,
    failure,
    more,
    reload,
  };
}
