/** How the list of jobs grows at both ends. Pure. */
import type { Job, JobPage } from "../../api/jobs";

/** Jobs newest first; `cursor` leads to older ones. */
export interface Listed {
  readonly items: readonly Job[];
  readonly cursor: string | null;
}

export const NOTHING: Listed = { items: [], cursor: null };

/** With the page that follows; the first page follows nothing. */
export function withPage(listed: Listed, page: JobPage): Listed {
  const known = new Set(listed.items.map((job) => job.job_id));
  const items = [...listed.items, ...page.items.filter((job) => !known.has(job.job_id))];
  return { items, cursor: page.next_cursor };
}

/** With the newest page, read again after the connection was lost. What is known of older jobs stays where both meet. */
export function withNewest(listed: Listed, page: JobPage): Listed {
  const fresh = new Set(page.items.map((job) => job.job_id));
  const meets = page.next_cursor === null || listed.items.some((job) => fresh.has(job.job_id));
  if (!meets || listed.items.length === 0) return withPage(NOTHING, page);
  const oldest = page.items.at(-1)?.created_unix_s ?? Infinity;
  // What the page should hold and does not is no longer there.
  const older = page.next_cursor === null ? [] : listed.items.filter((job) => !fresh.has(job.job_id) && job.created_unix_s < oldest);
  return { items: [...page.items, ...older], cursor: older.length > 0 ? listed.cursor : page.next_cursor };
}

/** With what was told: changed jobs in their places, new ones where they belong, those that are gone or match no more left out. */
export function withNews(listed: Listed, told: ReadonlyMap<string, Job>, gone: ReadonlySet<string>, matches: (job: Job) => boolean): Listed {
  const known = new Set(listed.items.map((job) => job.job_id));
  const kept = listed.items.map((job) => told.get(job.job_id) ?? job);
  const fresh = [...told.values()].filter((job) => !known.has(job.job_id) && isRead(job, listed));
  const items = [...fresh, ...kept].filter((job) => !gone.has(job.job_id) && matches(job)).sort(newestFirst);
  const same = items.length === listed.items.length && items.every((job, index) => job === listed.items[index]);
  return same ? listed : { ...listed, items };
}

/** What is older than the oldest one shown belongs to a page that was not read yet. */
function isRead(job: Job, { items, cursor }: Listed): boolean {
  const oldest = items.at(-1);
  return cursor === null || oldest === undefined || job.created_unix_s >= oldest.created_unix_s;
}

function newestFirst(a: Job, b: Job): number {
  if (a.created_unix_s !== b.created_unix_s) return b.created_unix_s - a.created_unix_s;
  return a.job_id < b.job_id ? 1 : -1; // as the server orders them
}
