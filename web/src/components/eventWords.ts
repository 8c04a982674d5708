/** How an event is told to people. */
import type { HappenedEvent } from "../api/types";
import type { IconName } from "./icons";
import { formatSeconds } from "../format";
import { useWords } from "../i18n";

/** Shorter than this counts as a moment. */
const MOMENT_S = 0.1;

export function iconOf(kind: string): IconName {
  const first = kind.split("_")[0];
  return first === "face" || first === "motion" || first === "zone" || first === "line" ? first : "camera";
}

/** How long it lasted; 0 for a moment, and while it lasts. */
export function lengthS(event: HappenedEvent): number {
  const seconds = (event.ended_unix_s ?? event.started_unix_s) - event.started_unix_s;
  return seconds < MOMENT_S ? 0 : seconds;
}

export function useEventWords() {
  const { t, known, locale } = useWords();
  return {
    what: (event: HappenedEvent): string => {
      const key = `events.${event.kind}`;
      return known(key) ? t(key, { place: event.place }) : event.kind;
    },
    lasted: (event: HappenedEvent): string => {
      const seconds = lengthS(event);
      return seconds === 0 ? "" : t("events.view.seconds", { seconds: formatSeconds(seconds, locale.value) });
    },
    labelOf: (label: string): string => {
      const key = `label.${label}`;
      return known(key) ? t(key) : label;
    },
  };
}
