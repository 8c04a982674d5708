import { computed, ref, shallowRef, watch } from "vue";

import type { AlertOut } from "../api/alerts";
import { getJson } from "../api/client";
import type { JobGoneMessage, JobMessage, JobsMessage } from "../api/jobs";
import type { BriefChangesMessage, BriefMessage, Camera, CameraPage, EventMessage, EventPage, HappenedEvent, StatesMessage, StatusMessage } from "../api/types";
import { i18n } from "../i18n";
import { admitted, askWho, may } from "./access";
import { hearAlert, refreshAlerts } from "./alerts";
import { cameraOf, cameras, putBrief, putCameras, putChanges, putStatus } from "./cameras";
import { detailsMessage, onDetails } from "./details";
import { ALL_TOPICS, Feed, NARROW_TOPICS, type LinkState, type Message } from "./feed";
import { hearGone, hearJob, hearJobs, refreshJobs } from "./jobs";
import { Meanwhile } from "./meanwhile";
import { fromBrief, withEvent } from "./merge";

const MOST_EVENTS = 24;
/** A page that is busy measures long ways to a near server; the shortest of the last few is the network's. */
const LAST_ROUND_TRIPS = 4;
let roundTripsMs: readonly number[] = [];
/** Events are told as they happen and written a moment later; only then their picture can be read. */
const WRITTEN_AFTER_MS = 500;

export { cameraIds, cameraOf, cameras } from "./cameras";
export const events = shallowRef<readonly HappenedEvent[]>([]);
export const eventsFailure = ref("");
export const link = ref<LinkState>("connecting");
export const rttMs = ref<number | null>(null);
export const loaded = ref(false);

export const camerasById = computed<ReadonlyMap<string, Camera>>(() => new Map(cameras.value.map((camera) => [camera.id, camera])));
export const reachable = computed(() => link.value === "online" || link.value === "polling");

/** A camera that was just added: the page need not wait for the news of it. */
export function knowCamera(camera: Camera): void {
  if (!cameras.value.some(({ id }) => id === camera.id)) putCameras([...cameras.value, camera]);
}

async function refreshCameras(): Promise<void> {
  putCameras((await getJson<CameraPage>("/api/v1/cameras")).items);
  loaded.value = true;
}

const happened = new Meanwhile<HappenedEvent>();

function knowEvent(event: HappenedEvent): void {
  happened.note(event);
  events.value = withEvent(events.value, event, MOST_EVENTS);
}

async function refreshEvents(): Promise<void> {
  try {
    const [page, told] = await happened.during(() => getJson<EventPage>(`/api/v1/events?limit=${String(MOST_EVENTS)}`));
    events.value = told.reduce<readonly HappenedEvent[]>((known, event) => withEvent(known, event, MOST_EVENTS), page.items);
    eventsFailure.value = "";
  } catch (error) {
    eventsFailure.value = error instanceof Error ? error.message : String(error);
  }
}

function onNews(message: Message): void {
  switch (message.type) {
    case "brief":
      putCameras((message as BriefMessage).cameras.map((brief) => fromBrief(brief, cameraOf(brief.id))));
      loaded.value = true;
      break;
    case "brief_changes": {
      const { cameras: changed, ids } = message as BriefChangesMessage;
      putChanges(changed.map((brief) => fromBrief(brief, cameraOf(brief.id))), ids);
      break;
    }
    case "states":
      putBrief((message as StatesMessage).states);
      break;
    case "status":
      putStatus(message as StatusMessage);
      break;
    case "jobs":
      hearJobs(message as JobsMessage);
      break;
    case "job":
      hearJob((message as JobMessage).job);
      break;
    case "job_gone":
      hearGone((message as JobGoneMessage).job_id);
      break;
    case "alerts":
      hearAlert((message as Message & { readonly item: AlertOut }).item);
      break;
    case "event": {
      const { event, missed } = message as EventMessage;
      setTimeout(() => knowEvent(event), WRITTEN_AFTER_MS);
      if (missed > 0) void refreshEvents();
      break;
    }
  }
}

/** Jobs concern files of the whole server: nothing for who is limited to some cameras. */
const seesJobs = () => may("view", true);

/** A server of before has no alerts that could be missed; one that is away says so by what else is asked. */
const tryAlerts = () => refreshAlerts().catch(() => undefined);

/** Begin to follow the server. */
export function follow(): void {
  const feed = new Feed({
    news: onNews,
    opened: () => {
      feed.say(detailsMessage());
      void refreshEvents();
      void tryAlerts();
    },
    refresh: async () => {
      await refreshCameras();
      await refreshEvents();
      await tryAlerts();
      if (seesJobs()) await refreshJobs();
    },
    knock: async () => {
      await getJson("/health");
    },
    ended: () => void askWho(), // it may be that this session has ended
    linkChanged: (state) => (link.value = state),
    rttMeasured: (measuredMs) => {
      roundTripsMs = [...roundTripsMs, measuredMs].slice(-LAST_ROUND_TRIPS);
      rttMs.value = Math.min(...roundTripsMs);
    },
  }, seesJobs() ? ALL_TOPICS : NARROW_TOPICS);
  onDetails(() => feed.say(detailsMessage()));
  feed.start();
  watch(admitted, (now) => {
    if (!now) feed.stop();
  });
  // Failures of requests, and what alerts found, come in the language that was asked for.
  watch(i18n.global.locale, () => {
    void refreshEvents();
    void tryAlerts();
  });
}
