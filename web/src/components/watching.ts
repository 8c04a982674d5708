import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";

const toldOf = new WeakMap<Element, (onScreen: boolean) => void>();
let shared: IntersectionObserver | undefined;

/** One observer for all: browsers work through each one with each frame. */
function observer(): IntersectionObserver {
  shared ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) toldOf.get(target)?.(isIntersecting);
    },
    // A little before it scrolls into view, so that it plays when it gets there.
    { rootMargin: "120px" },
  );
  return shared;
}

/** Whether the element is on the screen of a page that is itself visible: only then live pictures are worth encoding. */
export function useSeen(element: Ref<HTMLElement | null>): Ref<boolean> {
  const seen = ref(false);
  let watched: HTMLElement | null = null;
  let onScreen = false;
  const update = () => {
    seen.value = onScreen && !document.hidden;
  };
  onMounted(() => {
    document.addEventListener("visibilitychange", update);
    watched = element.value;
    if (!watched) return;
    toldOf.set(watched, (now) => {
      onScreen = now;
      update();
    });
    observer().observe(watched);
  });
  onBeforeUnmount(() => {
    if (watched) observer().unobserve(watched);
    document.removeEventListener("visibilitychange", update);
  });
  return seen;
}
