import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";

import { cameraOf } from "../../state/store";
import { beginBudget, nextBudget, streaming } from "./streams";

/** - `stream`: as live as it gets. - `still`: a picture now and then. - `off`: nobody sees it. */
export type TileMode = "stream" | "still" | "off";

export interface Sight {
  /** On the screen or about to be: only then its picture exists at all. */
  readonly near: Ref<boolean>;
  readonly mode: ShallowRef<TileMode>;
}

export interface Sights {
  of: (id: string) => Sight;
  /** The tile's element is there, or (null) gone. */
  place: (id: string, element: Element | null) => void;
  /** The reader points at this one. */
  prefer: (id: string | null) => void;
  /** Something changed that decides over who streams. */
  reconsider: () => void;
}

/** Half a screen in each direction is ready before it scrolls into view. */
const NEAR = "50% 0px";
const VISIBLE = "40px 0px";
/** While somebody scrolls, nothing is opened that will be gone at once. */
const SETTLE_MS = 180;
const JUDGE_EVERY_MS = 3_000;
/** So much of it is watched: who waits for frames makes the browser make them, also where nothing moves. */
const WATCH_MS = 1_500;

/** Who of the wall can be seen, and how. One observer watches all tiles. */
export function useSights(order: Ref<readonly string[]>, paused: Ref<boolean>): Sights {
  const known = new Map<string, Sight>();
  const idOf = new WeakMap<Element, string>();
  const elements = new Map<string, Element>();
  const visible = new Set<string>();
  let streams: ReadonlySet<string> = new Set();
  let preferred: string | null = null;
  let budget = beginBudget(navigator.hardwareConcurrency || 2);
  let settling: ReturnType<typeof setTimeout> | undefined;

  function of(id: string): Sight {
    const sight = known.get(id) ?? { near: ref(false), mode: shallowRef<TileMode>("off") };
    known.set(id, sight);
    return sight;
  }

  function decide(): void {
    clearTimeout(settling);
    settling = undefined;
    const seen = paused.value ? [] : order.value.filter((id) => visible.has(id));
    streams = streaming(streams, seen.filter((id) => cameraOf(id)?.wanted), budget.streams, preferred);
    for (const [id, sight] of known) sight.mode.value = streams.has(id) ? "stream" : seen.includes(id) ? "still" : "off";
  }

  function reconsider(): void {
    // The first pictures are wanted at once.
    if (streams.size === 0) settling ??= setTimeout(decide);
    else {
      clearTimeout(settling);
      settling = setTimeout(decide, SETTLE_MS);
    }
  }

  function place(id: string, element: Element | null): void {
    const before = elements.get(id);
    if (before) for (const observer of [nearing, seeing]) observer.unobserve(before);
    if (element) {
      elements.set(id, element);
      idOf.set(element, id);
      nearing.observe(element);
    } else {
      elements.delete(id);
      known.delete(id);
      visible.delete(id);
      reconsider();
    }
  }

  function leave(target: Element): void {
    seeing.unobserve(target);
    if (visible.delete(idOf.get(target) ?? "")) reconsider();
  }

  const nearing = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        of(idOf.get(target) ?? "").near.value = isIntersecting;
        // What is far away can't be seen: nobody need look closer.
        if (isIntersecting) seeing.observe(target);
        else leave(target);
      }
    },
    { rootMargin: NEAR },
  );
  const seeing = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const id = idOf.get(target) ?? "";
        if (isIntersecting) visible.add(id);
        else visible.delete(id);
      }
      reconsider();
    },
    { rootMargin: VISIBLE },
  );

  useFrameTimes((framesMs) => {
    if (paused.value) return;
    const before = budget.streams;
    budget = nextBudget(budget, framesMs, streams.size);
    if (budget.streams !== before) decide();
  });
  watch([order, paused], reconsider);
  onBeforeUnmount(() => {
    clearTimeout(settling);
    nearing.disconnect();
    seeing.disconnect();
  });
  return {
    of,
    place,
    prefer: (id) => {
      preferred = id;
      reconsider();
    },
    reconsider,
  };
}

/** Tells the times between frames, every few seconds while the page is visible. */
function useFrameTimes(judge: (framesMs: readonly number[]) => void): void {
  let framesMs: number[] = [];
  let lastMs = 0;
  let request = 0;
  const frame = (nowMs: number) => {
    // A page that was hidden, or a computer that slept, had no slow frame.
    if (lastMs > 0 && nowMs - lastMs < 1_000) framesMs.push(nowMs - lastMs);
    lastMs = nowMs;
    request = requestAnimationFrame(frame);
  };
  const watchFrames = () => {
    lastMs = 0;
    framesMs = [];
    request = requestAnimationFrame(frame);
    pause = setTimeout(() => {
      cancelAnimationFrame(request);
      judge(framesMs);
    }, WATCH_MS);
  };
  let pause: ReturnType<typeof setTimeout> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    timer = setInterval(watchFrames, JUDGE_EVERY_MS);
  });
  onBeforeUnmount(() => {
    cancelAnimationFrame(request);
    clearTimeout(pause);
    clearInterval(timer);
  });
}
