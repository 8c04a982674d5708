/** How news change the list of security events. Pure. */
import type { SecurityEvent } from "../../api/access";

const MOST = 50;

/** Newest first; an event that goes on comes again with a higher count. */
export function withNewest(events: readonly SecurityEvent[], event: SecurityEvent): readonly SecurityEvent[] {
  const others = events.filter(({ event_id: id }) => id !== event.event_id);
  return [event, ...others].sort((a, b) => b.last_unix_s - a.last_unix_s || b.event_id - a.event_id).slice(0, MOST);
}
