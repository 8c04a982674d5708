/** Where normalised boxes lie on the screen. Pure. */
import type { BoxNorm } from "../live/facts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly left: number;
  readonly top: number;
}

/** Where a picture lies when it is fitted whole into a stage (`object-fit: contain`). */
export function containRect(picture: Size, stage: Size): Rect {
  if (picture.width <= 0 || picture.height <= 0) return { left: 0, top: 0, width: 0, height: 0 };
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: (stage.width - width) / 2, top: (stage.height - height) / 2, width, height };
}

/** A box of the picture on the stage, cut off where it leaves the picture. */
export function boxRect(box: BoxNorm, picture: Rect): Rect {
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  const [left, top, right, bottom] = [clamp(box[0]), clamp(box[1]), clamp(box[2]), clamp(box[3])];
  return {
    left: picture.left + left * picture.width,
    top: picture.top + top * picture.height,
    width: Math.max(0, right - left) * picture.width,
    height: Math.max(0, bottom - top) * picture.height,
  };
}

/** Where a box's label goes: above it, inside at the top when there is no room, and never beyond the sides. */
export function labelRect(box: Rect, label: Size, picture: Rect, gap: number): Rect {
  const above = box.top - label.height - gap;
  const top = above >= picture.top ? above : Math.min(box.top + gap, picture.top + picture.height - label.height);
  const rightmost = picture.left + picture.width - label.width;
  const left = Math.max(picture.left, Math.min(box.left, rightmost));
  return { left, top, ...label };
}

const GOLDEN_ANGLE = 137.508;

/** A hue for a track: neighbouring ids differ much, and an id keeps its colour. */
export function hueOf(trackId: number): number {
  return Math.round((165 + trackId * GOLDEN_ANGLE) % 360);
}
