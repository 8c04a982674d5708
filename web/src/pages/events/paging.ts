/** How a list of events grows at both ends. Pure. */
import type { EventPage, HappenedEvent } from "../../api/types";

/** Events newest first. `cursor` leads to older ones; `older` says whether there are any. */
export interface Listed {
  readonly items: readonly HappenedEvent[];
  readonly cursor: string | null;
  readonly older: boolean;
}

export const NOTHING: Listed = { items: [], cursor: null, older: false };

export function firstPage(page: EventPage): Listed {
  return { items: page.items, cursor: page.next_cursor, older: page.next_cursor !== null };
}

/** With the page that follows. */
export function withOlder(listed: Listed, page: EventPage): Listed {
  const known = new Set(listed.items.map((event) => event.id));
  const items = [...listed.items, ...page.items.filter((event) => !known.has(event.id))];
  return { items, cursor: page.next_cursor, older: page.next_cursor !== null };
}

/** With what happened since: an event comes again when it ends. At most `most` stay, for a page that is open for days; what
 * goes can be paged back, though not by the cursor any more. */
export function withNews(listed: Listed, news: readonly HappenedEvent[], most: number): Listed {
  if (news.length === 0) return listed;
  const told = new Map(news.map((event) => [event.id, event]));
  const kept = listed.items.map((event) => told.get(event.id) ?? event);
  const known = new Set(listed.items.map((event) => event.id));
  const fresh = news.filter((event) => !known.has(event.id) && isNewer(event, listed));
  const all = [...fresh, ...kept].sort(newestFirst);
  if (all.length <= most) return { ...listed, items: all };
  return { items: all.slice(0, most), cursor: null, older: true };
}

/** With the newest page, read again after the connection was lost; where it does not reach what is known, it stands alone. */
export function withNewest(listed: Listed, page: EventPage, most: number): Listed {
  const known = new Set(listed.items.map((event) => event.id));
  const meets = page.next_cursor === null || page.items.some((event) => known.has(event.id));
  return meets && listed.items.length > 0 ? withNews(listed, page.items, most) : firstPage(page);
}

/** Which page comes next: by the cursor, or, when it was lost, from the oldest event on. */
export function olderParameters(listed: Listed): Record<string, string> {
  if (listed.cursor !== null) return { cursor: listed.cursor };
  const oldest = listed.items.at(-1);
  // `until` is exclusive; events of the very same moment come again, and are known.
  return oldest ? { until: String(oldest.started_unix_s + 0.001) } : {};
}

/** What is older than the oldest one shown belongs to a page that was not read yet. */
function isNewer(event: HappenedEvent, { items, older }: Listed): boolean {
  const oldest = items.at(-1);
  return !older || oldest === undefined || event.started_unix_s >= oldest.started_unix_s;
}

function newestFirst(a: HappenedEvent, b: HappenedEvent): number {
  if (a.started_unix_s !== b.started_unix_s) return b.started_unix_s - a.started_unix_s;
  return a.id < b.id ? 1 : -1; // as the server orders them
}
