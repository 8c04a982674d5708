/** Of most cameras the server tells states in brief; what shows the inside of one asks for all of it. */
import { onScopeDispose, watch } from "vue";

import type { Message } from "./feed";

const wanted = new Map<string, number>();
let tell: () => void = () => undefined;

export interface DetailsMessage extends Message {
  readonly camera_ids: readonly string[];
}

/** Which cameras are shown in full now. */
export function detailsMessage(): DetailsMessage {
  return { type: "detail", camera_ids: [...wanted.keys()] };
}

/** Call this whenever another set of cameras is shown in full. */
export function onDetails(run: () => void): void {
  tell = run;
}

/** Hear all about this camera for as long as the component, or scope, lasts; null: of none now. */
export function useDetails(id: () => string | null): void {
  let shown: string | null = null;
  const show = (next: string | null) => {
    const before = detailsMessage().camera_ids.join();
    if (next !== null) wanted.set(next, (wanted.get(next) ?? 0) + 1);
    if (shown !== null) release(shown);
    shown = next;
    if (detailsMessage().camera_ids.join() !== before) tell();
  };
  watch(id, show, { immediate: true });
  onScopeDispose(() => show(null));
}

function release(id: string): void {
  const left = (wanted.get(id) ?? 0) - 1;
  if (left > 0) wanted.set(id, left);
  else wanted.delete(id);
}
