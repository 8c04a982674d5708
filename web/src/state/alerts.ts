/** Alerts as the server tells them: what is on now, and what has just begun and pops up. */
import { computed, ref, shallowRef } from "vue";

import type { AlertOut, Items } from "../api/alerts";
import { getJson } from "../api/client";
import { remember, rememberedChoice } from "./choices";
import { Meanwhile } from "./meanwhile";

/** All that is not over, by its key. */
export const alertsByKey = shallowRef<ReadonlyMap<string, AlertOut>>(new Map());
/** Began while this page was open, and nobody has dealt with it; the newest first. */
export const popups = shallowRef<readonly AlertOut[]>([]);
export const alertsKnown = ref(false);

export const firing = computed(() => [...alertsByKey.value.values()].filter(({ state }) => state === "firing"));
/** What somebody should look at: neither muted nor explained by another one. */
export const loud = computed(() => firing.value.filter((alert) => !isQuiet(alert) && alert.acknowledged_by === ""));

const MOST_POPUPS = 20;
const POPUPS = "popcam.popups";
/** Whether this reader wants alerts to pop up. */
export const popsUp = ref(rememberedChoice(POPUPS, ["on", "off"]) !== "off");

export function setPopsUp(wanted: boolean): void {
  popsUp.value = wanted;
  remember(POPUPS, wanted ? "on" : "off");
  if (!wanted) popups.value = [];
}

export const keyOf = ({ rule_id, subject }: Pick<AlertOut, "rule_id" | "subject">) => `${rule_id} ${subject}`;

/** Something keeps it from being told. */
export const isQuiet = (alert: AlertOut) => alert.silenced_by !== "" || alert.inhibited_by !== "";

const meanwhile = new Meanwhile<AlertOut>();
const newcomers = new Set<(alert: AlertOut) => void>();

/** Hear of each alert that begins to fire, or gets loud again; call what is given back to stop. */
export function onNewAlert(hear: (alert: AlertOut) => void): () => void {
  newcomers.add(hear);
  return () => newcomers.delete(hear);
}

/** An alert as it stands now. */
export function hearAlert(alert: AlertOut): void {
  meanwhile.note(alert);
  const key = keyOf(alert);
  const before = alertsByKey.value.get(key);
  alertsByKey.value = standing([...alertsByKey.value.values(), alert]);
  if (isNews(before, alert)) begin(alert);
  else popups.value = popups.value.flatMap((one) => (keyOf(one) !== key ? [one] : alert.acknowledged_by !== "" || isQuiet(alert) ? [] : [alert]));
}

/** What is not over, by its key; of several states of an alert the last holds. */
function standing(told: readonly AlertOut[]): ReadonlyMap<string, AlertOut> {
  return new Map([...new Map(told.map((alert) => [keyOf(alert), alert]))].filter(([, { state }]) => state !== "resolved"));
}

/** It calls for somebody now, and did not before. */
export function isNews(before: AlertOut | undefined, now: AlertOut): boolean {
  const calls = (alert: AlertOut | undefined) => alert !== undefined && alert.state === "firing" && alert.acknowledged_by === "" && !isQuiet(alert);
  return calls(now) && !calls(before);
}

function begin(alert: AlertOut): void {
  if (popsUp.value) popups.value = [alert, ...popups.value.filter((one) => keyOf(one) !== keyOf(alert))].slice(0, MOST_POPUPS);
  for (const hear of newcomers) hear(alert);
}

export function dismissPopup(alert: AlertOut): void {
  popups.value = popups.value.filter((one) => keyOf(one) !== keyOf(alert));
}

/** Read all anew: when the page opens, and when news may have been missed. What fires already when the page opens is shown
 * by its number alone; what began while the connection was away pops up. */
export async function refreshAlerts(): Promise<void> {
  const [{ items }, told] = await meanwhile.during(() => getJson<Items<AlertOut>>("/api/v1/alerts"));
  const first = !alertsKnown.value;
  const before = alertsByKey.value;
  alertsByKey.value = standing([...items, ...told]);
  alertsKnown.value = true;
  popups.value = popups.value.filter((one) => alertsByKey.value.has(keyOf(one)));
  if (first) return;
  for (const alert of alertsByKey.value.values()) if (isNews(before.get(keyOf(alert)), alert)) begin(alert);
}
