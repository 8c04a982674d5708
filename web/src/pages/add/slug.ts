/** Which id a new camera will get: the rules of the server's `popcam.cameras.slug`, to show it while the name is typed. What
 * the server says holds: it also passes over ids of deleted cameras that left recordings or events. Pure. */

const MAX_LENGTH = 56;
const ID = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const WORDS = ["batch-status", "refresh", "test", "discover", "discovery", "groups", "batch", "new", "import", "export"];
const WINDOWS = ["con", "prn", "aux", "nul", ...["com", "lpt"].flatMap((port) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => port + String(number)))];
export const RESERVED: ReadonlySet<string> = new Set([...WORDS, ...WINDOWS]);

/** The small letters and digits of a name, joined by `-`; empty when a reader would not recognise the name by them. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/[\u0080-\u{10ffff}]/gu, "").toLowerCase();
  const words = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return /[a-z]/.test(words) ? words.slice(0, MAX_LENGTH).replace(/-+$/, "") : "";
}

/** An id that is free: from the name, with a number behind it when taken; `camera-<n>` for other names. */
export function freeId(name: string, isTaken: (id: string) => boolean): string {
  const slug = slugOf(name);
  if (slug && !isTaken(slug) && !RESERVED.has(slug)) return slug;
  let number = slug ? 2 : 1;
  while (isTaken(`${slug || "camera"}-${String(number)}`)) number += 1;
  return `${slug || "camera"}-${String(number)}`;
}

export function isId(text: string): boolean {
  return ID.test(text);
}
