import { computed, onBeforeUnmount, ref, type ComputedRef, type Ref } from "vue";

import { remember, rememberedText } from "../../state/choices";
import { keepSame } from "../../state/merge";
import { arranged, movedTo, orderOf } from "./order";

const STORED_AS = "popcam.wall.order";

export interface Arrangement {
  /** All cameras in the reader's order. */
  readonly order: ComputedRef<readonly string[]>;
  readonly move: (id: string, target: string, after: boolean) => void;
  /** Back to the order of the settings. */
  readonly reset: () => void;
}

/** The reader's own order of the cameras, kept in this browser; what changes in another window shows here too. */
export function useArrangement(ids: Ref<readonly string[]>): Arrangement {
  const own = ref(orderOf(rememberedText(STORED_AS)));
  const order = computed<readonly string[]>((old) => keepSame(old, arranged(ids.value, own.value)));

  function keep(now: readonly string[]): void {
    own.value = now;
    remember(STORED_AS, JSON.stringify(now));
  }

  const hear = (event: StorageEvent) => {
    if (event.key === STORED_AS) own.value = orderOf(event.newValue);
  };
  addEventListener("storage", hear);
  onBeforeUnmount(() => removeEventListener("storage", hear));
  return {
    order,
    move: (id, target, after) => keep(movedTo(order.value, id, target, after)),
    reset: () => keep([]),
  };
}
