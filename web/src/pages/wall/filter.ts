/** Which cameras a reader wants to see on the wall. Pure. */
import type { Camera } from "../../api/types";
import { delivers } from "../../state/merge";

export interface WallFilter {
  /** Words that all have to occur in the name, the id or a group. */
  readonly text: string;
  /** Empty: of any group. */
  readonly group: string;
  /** Only cameras that should deliver and do not, or that report a fault. */
  readonly troubled: boolean;
}

export const EVERYTHING: WallFilter = { text: "", group: "", troubled: false };

export function isFiltering(filter: WallFilter): boolean {
  return filter.text.trim() !== "" || filter.group !== "" || filter.troubled;
}

export function isTroubled(camera: Camera): boolean {
  return camera.wanted && (camera.status.last_error !== null || !delivers(camera.status));
}

export function isShown(camera: Camera, filter: WallFilter): boolean {
  if (filter.group && !camera.groups.includes(filter.group)) return false;
  if (filter.troubled && !isTroubled(camera)) return false;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const known = [camera.name, camera.id, ...camera.groups].join("\n").toLowerCase();
  return words.every((word) => known.includes(word));
}

/** All groups, sorted as the reader's language does. */
export function groupsOf(cameras: readonly Camera[], language: string): readonly string[] {
  const groups = new Set(cameras.flatMap((camera) => camera.groups));
  return [...groups].sort((a, b) => a.localeCompare(b, language));
}
