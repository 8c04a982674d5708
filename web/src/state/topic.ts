import { onScopeDispose, ref, watch } from "vue";

import { retryDelayMs } from "../live/backoff";
import { webSocketUrl } from "../live/socket";

/** What the server tells of a topic while `wanted`, over a connection of its own; it comes back when it is lost.
 *
 * @param opened news are told from now on: read what happened before, which was not. */
export function useTopic<Item>(topic: "audit" | "security" | "health" | "recovery", wanted: () => boolean, hear: (item: Item) => void, opened: () => void) {
  const standing = ref(false);
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  function connect(): void {
    socket = new WebSocket(webSocketUrl(`/api/v1/live?topics=${topic}`));
    let before = false;
    socket.onopen = () => {
      before = standing.value = true;
      failures = 0;
      opened();
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as { readonly type: string; readonly item?: Item };
      if (message.type === topic && message.item) hear(message.item);
    };
    socket.onclose = () => {
      standing.value = false;
      failures += before ? 1 : 2;
      retry = setTimeout(connect, retryDelayMs(failures));
    };
  }

  function stop(): void {
    clearTimeout(retry);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    socket = null;
    failures = 0;
    standing.value = false;
  }

  watch(wanted, (now) => (now ? connect() : stop()), { immediate: true });
  onScopeDispose(stop);
  return { standing };
}
