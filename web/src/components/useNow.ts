import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

/** Seconds since 1970, for what says how long ago something was; it moves while the page is visible. */
export function useNow(everyMs = 1_000): Ref<number> {
  const now = ref(Date.now() / 1000);
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    timer = setInterval(() => {
      if (!document.hidden) now.value = Date.now() / 1000;
    }, everyMs);
  });
  onBeforeUnmount(() => clearInterval(timer));
  return now;
}
