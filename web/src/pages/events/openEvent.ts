import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";

/** Which event is open, as the address says (`?event=`): it can be sent to somebody, and "back" closes it. */
export function useOpenEvent() {
  const route = useRoute();
  const router = useRouter();
  const opened = computed(() => (typeof route.query["event"] === "string" ? route.query["event"] : null));

  /** Going from one event to the next replaces the address: "back" leads to the list, not through all of them. */
  function open(id: string): void {
    const to = { query: { ...route.query, event: id } };
    void (opened.value === null ? router.push({ ...to, state: { ours: true } }) : router.replace({ ...to, state: { ours: isOurs() } }));
  }

  function close(): void {
    if (opened.value === null) return;
    if (isOurs()) {
      router.back();
      return;
    }
    const others = Object.fromEntries(Object.entries(route.query).filter(([name]) => name !== "event"));
    void router.replace({ query: others });
  }

  return { opened, open, close };
}

/** Whether the entry before this one is our list: an address that came from elsewhere has no list to go back to. */
function isOurs(): boolean {
  return (history.state as { ours?: boolean } | null)?.ours === true;
}
