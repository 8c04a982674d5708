/** The set-up token as people have it: in the address that they opened, or in what they paste. Pure. */

/** Of the address of the page; the part after `#` is never sent to any server. */
export function tokenOfAddress(hash: string, query: unknown): string {
  const inHash = new URLSearchParams(hash.replace(/^#/, "")).get("token");
  return clean(inHash ?? (typeof query === "string" ? query : ""));
}

/** Somebody may paste the whole address instead of the token alone. */
export function tokenOfText(text: string): string {
  const named = /[#?&]token=([^&#\s]+)/.exec(text);
  return clean(named?.[1] ? decodeURIComponent(named[1]) : text);
}

const clean = (text: string) => text.trim();
