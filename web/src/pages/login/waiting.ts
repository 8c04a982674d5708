import { computed, onScopeDispose, ref, watch, type Ref } from "vue";

import { ApiError } from "../../api/client";
import type { Failure } from "../../i18n/failure";

/** Seconds until the server takes another try, counted down; 0 when it does so now. */
export function useWaiting(failure: Readonly<Ref<Failure | null>>): Readonly<Ref<number>> {
  const untilMs = ref(0);
  const nowMs = ref(0);
  let timer: ReturnType<typeof setInterval> | undefined;

  watch(failure, (now) => {
    const seconds = now instanceof ApiError ? (now.retryAfterS ?? 0) : 0;
    clearInterval(timer);
    nowMs.value = Date.now();
    untilMs.value = nowMs.value + seconds * 1000;
    if (seconds === 0) return;
    timer = setInterval(() => {
      nowMs.value = Date.now();
      if (nowMs.value >= untilMs.value) clearInterval(timer);
    }, 500);
  });
  onScopeDispose(() => clearInterval(timer));
  return computed(() => Math.max(0, Math.ceil((untilMs.value - nowMs.value) / 1000)));
}
