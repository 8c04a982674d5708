/** Files of a job as pages that can be read again one by one: what changed is mostly on one of them. Pure. */
import type { JobItem, JobItemPage } from "../../../api/jobs";

export interface ReadPage {
  /** What leads to it; null for the first. */
  readonly cursor: string | null;
  readonly items: readonly JobItem[];
  readonly next: string | null;
}

export function pageOf(cursor: string | null, page: JobItemPage): ReadPage {
  return { cursor, items: page.items, next: page.next_cursor };
}

/** Put a page that was read again in its place, or behind the last. */
export function withPage(pages: readonly ReadPage[], page: ReadPage): readonly ReadPage[] {
  const index = pages.findIndex((known) => known.cursor === page.cursor);
  return index < 0 ? [...pages, page] : pages.map((known, at) => (at === index ? page : known));
}

/** All files of the pages, each once: where files leave a filter, pages that are read anew overlap those behind them. */
export function itemsOf(pages: readonly ReadPage[]): readonly JobItem[] {
  return [...new Map(pages.flatMap(({ items }) => items.map((item) => [item.item_id, item] as const))).values()];
}

/** Pages on which something may still change, the first few of them. */
export function unsettled(pages: readonly ReadPage[], most: number): readonly ReadPage[] {
  const open = pages.filter(({ items, next }, index) => items.some(({ state }) => state === "queued" || state === "running") || (index === pages.length - 1 && next === null));
  return open.slice(0, most);
}
