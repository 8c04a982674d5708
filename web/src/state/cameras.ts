/** What the page knows of each camera: a ref each, so that news of one camera concern only what shows that camera. On a wall
 * of hundreds that report every second, one list of all would be drawn anew for each of them. */
import { computed, shallowRef, type ShallowRef } from "vue";

import type { BriefChange, Camera, StatusMessage } from "../api/types";
import { keepSame, withBrief, withNews } from "./merge";

const refs = new Map<string, ShallowRef<Camera>>();
/** What waits to be shown: a full state, and what was told in brief after it. */
interface News {
  readonly full?: StatusMessage;
  readonly brief?: BriefChange;
}

const news = new Map<string, News>();
/** Hidden pages get no frames; their states stay true all the same. */
const HIDDEN_EVERY_MS = 250;
let waiting = false;

/** Ids in the order of the settings; the very same list while no camera comes, goes or moves. */
export const cameraIds = shallowRef<readonly string[]>([]);

/** One camera; undefined when there is none. Use it inside `computed` or a template: it follows cameras that come and go. */
export function cameraOf(id: string): Camera | undefined {
  void cameraIds.value; // the map itself tells nobody of changes
  return refs.get(id)?.value;
}

/** All cameras. It changes with each news of each of them: read single ones where many are shown. */
export const cameras = computed<readonly Camera[]>(() => cameraIds.value.flatMap((id) => refs.get(id)?.value ?? []));

/** All cameras as the server knows them now. */
export function putCameras(all: readonly Camera[]): void {
  news.clear(); // older than this
  const ids = all.map((camera) => camera.id);
  const gone = new Set(refs.keys());
  for (const camera of all) {
    const known = refs.get(camera.id);
    if (known) known.value = camera;
    else refs.set(camera.id, shallowRef(camera));
    gone.delete(camera.id);
  }
  for (const id of gone) refs.delete(id);
  cameraIds.value = keepSame(cameraIds.value, ids);
}

/** Cameras as they are now, and (null: as before) which there are at all, in their order. */
export function putChanges(changed: readonly Camera[], ids: readonly string[] | null): void {
  for (const camera of changed) {
    news.delete(camera.id); // older than this
    const known = refs.get(camera.id);
    if (known) known.value = camera;
    else refs.set(camera.id, shallowRef(camera));
  }
  if (!ids) return;
  const staying = new Set(ids);
  for (const id of refs.keys()) if (!staying.has(id)) refs.delete(id);
  cameraIds.value = keepSame(cameraIds.value, ids.filter((id) => refs.has(id)));
}

/** A camera's new state. It shows with the next frame: of several until then only the newest counts. */
export function putStatus(message: StatusMessage): void {
  news.set(message.camera_id, { full: message });
  showSoon();
}

/** What changed of cameras' states in brief; it shows as `putStatus` does. */
export function putBrief(changes: readonly BriefChange[]): void {
  for (const change of changes) {
    const waits = news.get(change.camera_id);
    news.set(change.camera_id, { ...waits, brief: { ...waits?.brief, ...change } });
  }
  showSoon();
}

function showSoon(): void {
  if (waiting) return;
  waiting = true;
  if (document.hidden) setTimeout(showNews, HIDDEN_EVERY_MS);
  else requestAnimationFrame(showNews);
}

function showNews(): void {
  waiting = false;
  for (const [id, { full, brief }] of news) {
    const known = refs.get(id);
    if (!known) continue;
    const now = full ? withNews(known.value, full) : known.value;
    known.value = brief ? withBrief(now, brief) : now;
  }
  news.clear();
}
