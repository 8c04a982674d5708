import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from "vue";

import { getJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { Camera, Recording, RecordingDay, RecordingDays, RecordingPage } from "../../../api/types";
import type { Failure } from "../../../i18n/failure";
import { reachable } from "../../../state/store";
import { boundsOf, dayOf, utcOffsetMin } from "./days";
import { merged } from "./playlist";

const PAGE = 1_000;
const EVERY_MS = 8_000;

/** A camera's recordings, one day at a time; today's grow while one looks.
 *
 * @param wantedDay the day from the address, or the newest when it is empty.
 */
export function useRecordings(camera: ComputedRef<Camera>, wantedDay: Readonly<Ref<string>>) {
  const days = shallowRef<readonly RecordingDay[]>([]);
  const list = shallowRef<readonly Recording[]>([]);
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  const older = ref<string | null>(null);
  const day = computed(() => (boundsOf(wantedDay.value) ? wantedDay.value : (days.value[0]?.day ?? dayOf(Date.now() / 1000))));
  let reading = new AbortController();

  function parameters(more: Record<string, string>): string {
    return new URLSearchParams({ camera_id: camera.value.id, ...more }).toString();
  }

  async function readDays(): Promise<void> {
    const offset = String(utcOffsetMin(new Date()));
    days.value = (await getJson<RecordingDays>(`/api/v1/recordings/days?${parameters({ utc_offset_min: offset })}`)).items;
  }

  async function readPage(signal: AbortSignal, more: Record<string, string>): Promise<RecordingPage> {
    const bounds = boundsOf(day.value);
    const span = bounds ? { since: String(bounds.sinceUnixS), until: String(bounds.untilUnixS) } : {};
    return getJson<RecordingPage>(`/api/v1/recordings?${parameters({ ...span, limit: String(PAGE), ...more })}`, { signal });
  }

  /** Carry out a reading of this day; what comes after another day was chosen is dropped. */
  async function attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const mine = reading;
    try {
      await work(mine.signal);
      if (mine === reading) failure.value = null;
    } catch (error) {
      if (mine === reading) failure.value = failureOf(error);
    }
  }

  async function load(): Promise<void> {
    reading.abort();
    reading = new AbortController();
    list.value = [];
    loaded.value = false;
    await attempt(async (signal) => {
      if (days.value.length === 0) await readDays();
      const page = await readPage(signal, {});
      if (signal.aborted) return;
      list.value = merged([], page.items);
      older.value = page.next_cursor;
      loaded.value = true;
    });
  }

  async function loadOlder(): Promise<void> {
    await attempt(async (signal) => {
      const page = await readPage(signal, older.value === null ? {} : { cursor: older.value });
      if (signal.aborted) return;
      list.value = merged(list.value, page.items);
      older.value = page.next_cursor;
    });
  }

  /** What was recorded since, with the newest known one again: it may be finished now. */
  async function refresh(): Promise<void> {
    if (!loaded.value) return load();
    const newest = list.value.at(-1);
    await attempt(async (signal) => {
      const page = await readPage(signal, newest ? { since: String(newest.started_unix_s) } : {});
      if (signal.aborted) return;
      // One that is gone from where it was is deleted; its end is that of the list.
      const kept = newest && !page.items.some((item) => item.started_unix_s === newest.started_unix_s) ? list.value.slice(0, -1) : list.value;
      if (page.items.length > 0 || kept !== list.value) list.value = merged(kept, page.items);
    });
    if (list.value.length > 0 && days.value[0]?.day !== day.value) await readDays().catch(() => undefined);
  }

  watch(day, () => void load(), { immediate: true });
  watch(reachable, (now) => {
    if (now && failure.value) void refresh();
  });
  const timer = setInterval(() => {
    if (!document.hidden && day.value === dayOf(Date.now() / 1000)) void refresh();
  }, EVERY_MS);
  onScopeDispose(() => {
    clearInterval(timer);
    reading.abort();
  });
  return { days, day, list, loaded, failure, older, loadOlder, refresh, load };
}
