import { onBeforeUnmount } from "vue";

/** Nearer than this, it is a click with a trembling hand. */
const BEGINS_PX = 6;
const EDGE_PX = 64;
const SCROLL_PX = 14;
const TILE = "[data-camera]";

interface Drag {
  readonly id: string;
  readonly tile: HTMLElement;
  readonly pointerId: number;
  readonly startX: number;
  readonly startY: number;
  readonly scrollY: number;
  x: number;
  y: number;
  begun: boolean;
  target: HTMLElement | null;
  after: boolean;
}

/** Drag a tile to another place with mouse, pen or finger; Escape leaves it where it was.
 *
 * The tile follows the pointer, a line shows where it will go; the order changes when it is let go. While it lasts, only
 * attributes and styles of the tiles change: drawing 200 of them anew at each movement would stutter.
 */
export function useDragging(drop: (id: string, target: string, after: boolean) => void): (event: PointerEvent, id: string) => void {
  let drag: Drag | null = null;
  let frame = 0;

  const scroller = () => document.fullscreenElement ?? document.scrollingElement ?? document.documentElement;

  function begin(event: PointerEvent, id: string): void {
    const tile = (event.currentTarget as Element).closest<HTMLElement>(TILE);
    if (!tile || drag || event.button !== 0) return;
    const { clientX: x, clientY: y, pointerId } = event;
    drag = { id, tile, pointerId, startX: x, startY: y, scrollY: scroller().scrollTop, x, y, begun: false, target: null, after: false };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", cancel);
    addEventListener("keydown", escape, true);
  }

  function move(event: PointerEvent): void {
    if (!drag || event.pointerId !== drag.pointerId) return;
    drag.x = event.clientX;
    drag.y = event.clientY;
    if (drag.begun) return;
    if (Math.hypot(drag.x - drag.startX, drag.y - drag.startY) < BEGINS_PX) return;
    drag.begun = true;
    drag.tile.dataset["dragging"] = "";
    document.documentElement.classList.add("wall-dragging");
    frame = requestAnimationFrame(follow);
  }

  function follow(): void {
    if (!drag) return;
    scrollAtEdge(drag.y);
    const { tile } = drag;
    const scrolled = scroller().scrollTop - drag.scrollY;
    tile.style.transform = `translate(${String(drag.x - drag.startX)}px, ${String(drag.y - drag.startY + scrolled)}px)`;
    aim(drag);
    frame = requestAnimationFrame(follow);
  }

  function scrollAtEdge(y: number): void {
    const height = innerHeight;
    const push = y < EDGE_PX ? y - EDGE_PX : y > height - EDGE_PX ? y - (height - EDGE_PX) : 0;
    if (push !== 0) scroller().scrollBy(0, (push / EDGE_PX) * SCROLL_PX);
  }

  function aim(now: Drag): void {
    const target = document.elementFromPoint(now.x, now.y)?.closest<HTMLElement>(TILE) ?? null;
    if (target === now.tile || (target && target.parentElement !== now.tile.parentElement)) return;
    if (target !== now.target && now.target) delete now.target.dataset["drop"];
    now.target = target;
    if (!target) return;
    const { left, width } = target.getBoundingClientRect();
    now.after = now.x > left + width / 2;
    target.dataset["drop"] = now.after ? "after" : "before";
  }

  function up(): void {
    const done = drag;
    const target = done?.target?.dataset["camera"];
    end();
    if (!done?.begun) return;
    swallowClick();
    if (target !== undefined) drop(done.id, target, done.after);
  }

  /** Letting go over the tile where it began would click it. */
  function swallowClick(): void {
    const swallow = (event: Event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, true));
  }

  const cancel = () => end();

  function escape(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    end();
  }

  function end(): void {
    cancelAnimationFrame(frame);
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", up);
    removeEventListener("pointercancel", cancel);
    removeEventListener("keydown", escape, true);
    document.documentElement.classList.remove("wall-dragging");
    if (!drag) return;
    drag.tile.style.transform = "";
    delete drag.tile.dataset["dragging"];
    if (drag.target) delete drag.target.dataset["drop"];
    drag = null;
  }

  onBeforeUnmount(end);
  return begin;
}
