import { onBeforeUnmount, ref, shallowRef, type ComputedRef } from "vue";

import { getJson } from "../../../api/client";
import { failureOf } from "../../../api/failing";
import type { Camera, LogLines } from "../../../api/types";
import type { Failure } from "../../../i18n/failure";
import { EMPTY, linesToAsk, withNewest, type Tail } from "./lines";

const EVERY_MS = 1_500;
/** After failures the server is asked less often. */
const LONGEST_MS = 15_000;

/** A camera's log as it grows. While `following` is false it is still asked how much there is, but the lines stay as they are. */
export function useLog(camera: ComputedRef<Camera>) {
  const tail = shallowRef<Tail>(EMPTY);
  const file = ref("");
  const total = ref(0);
  const loaded = ref(false);
  const following = ref(true);
  const failure = shallowRef<Failure | null>(null);
  const leaving = new AbortController();
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(): Promise<void> {
    const lines = following.value ? linesToAsk(tail.value) : 1;
    const path = `/api/v1/cameras/${encodeURIComponent(camera.value.id)}/logs?lines=${String(lines)}`;
    try {
      const answer = await getJson<LogLines>(path, { signal: leaving.signal });
      file.value = answer.log_file;
      total.value = answer.total_lines;
      if (following.value && lines > 1) tail.value = withNewest(tail.value, answer.total_lines, answer.lines);
      loaded.value = true;
      failure.value = null;
      failures = 0;
    } catch (error) {
      if (leaving.signal.aborted) return;
      failures += 1;
      failure.value = failureOf(error);
    }
  }

  async function go(): Promise<void> {
    if (!document.hidden) await read();
    if (!leaving.signal.aborted) timer = setTimeout(() => void go(), Math.min(LONGEST_MS, EVERY_MS * 2 ** failures));
  }

  /** Do not wait for the next turn. */
  function hurry(): void {
    clearTimeout(timer);
    void go();
  }

  void go();
  onBeforeUnmount(() => {
    leaving.abort();
    clearTimeout(timer);
  });
  return { tail, file, total, loaded, following, failure, hurry };
}
