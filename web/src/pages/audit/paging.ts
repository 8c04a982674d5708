/** How the list of entries grows at both ends. Pure. */
import type { AuditEntry } from "../../api/access";

/** A page that follows live for days must not grow without end. */
const MOST = 2_000;

/** With the page that follows, each entry once. */
export function withOlder(items: readonly AuditEntry[], page: readonly AuditEntry[]): readonly AuditEntry[] {
  const known = new Set(items.map(({ seq }) => seq));
  return [...items, ...page.filter(({ seq }) => !known.has(seq))];
}

/** With an entry that was just told, at its place. */
export function withFresh(items: readonly AuditEntry[], entry: AuditEntry): readonly AuditEntry[] {
  if (items.some(({ seq }) => seq === entry.seq)) return items;
  return [entry, ...items].sort((a, b) => b.seq - a.seq).slice(0, MOST);
}
