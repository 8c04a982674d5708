import type { RouteRecord } from "vue-router";

/** Fetch the files of a page, so that they come beside its words: the router itself asks for them only after those.
 * It meets failures again, and tells them. */
export function fetchPages(matched: readonly Pick<RouteRecord, "components">[]): void {
  for (const component of matched.flatMap((record) => Object.values(record.components ?? {}))) {
    // What was opened before is no longer a function but the component itself.
    if (typeof component === "function") void (component as () => Promise<unknown>)().catch(() => undefined);
  }
}
