/** Mouse, pen and finger on the shapes: what is grabbed follows, without a jump at the start. */
import { onBeforeUnmount } from "vue";

import type { Rect } from "../../../overlay/geometry";
import { fromStage, toStage, type Point } from "./geometry";
import type { ShapeEditor } from "./useShapes";

/** A hand trembles: less than this is a tap and moves nothing. */
const TAP_PX = 4;

export interface Dragging {
  readonly grabPoint: (event: PointerEvent, id: number, index: number) => void;
  readonly grabShape: (event: PointerEvent, id: number) => void;
}

export function useDragging(editor: ShapeEditor, picture: () => Rect, stagePoint: (event: PointerEvent) => Point): Dragging {
  let end: (() => void) | null = null;

  function follow(event: PointerEvent, id: number, moved: (by: Point) => void): void {
    if (event.button !== 0) return;
    end?.();
    event.preventDefault();
    const from = stagePoint(event);
    let dragging = false;

    const move = (news: PointerEvent) => {
      if (news.pointerId !== event.pointerId) return;
      const now = stagePoint(news);
      const by: Point = [now[0] - from[0], now[1] - from[1]];
      if (!dragging && Math.hypot(...by) < TAP_PX) return;
      if (!dragging) editor.grab();
      dragging = true;
      moved(by);
    };
    const stop = (news: PointerEvent) => {
      if (news.pointerId === event.pointerId) end?.();
    };
    // On the window: a finger may leave the picture while it drags.
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
    addEventListener("pointercancel", stop);
    end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", stop);
      removeEventListener("pointercancel", stop);
      end = null;
      if (dragging) editor.drop(id);
    };
  }

  onBeforeUnmount(() => end?.());

  return {
    grabPoint: (event, id, index) => {
      const point = editor.shapes.value.find((shape) => shape.id === id)?.points[index];
      if (!point) return;
      const [x, y] = toStage(point, picture());
      follow(event, id, ([dx, dy]) => editor.movePoint(id, index, fromStage([x + dx, y + dy], picture())));
    },
    grabShape: (event, id) => {
      follow(event, id, ([dx, dy]) => editor.moveShape(id, [dx / Math.max(1, picture().width), dy / Math.max(1, picture().height)]));
    },
  };
}
