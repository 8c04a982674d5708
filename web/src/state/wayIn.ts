/** Which page somebody gets who asks for one: sign-in and set-up come first. Pure. */
import type { Me } from "../api/access";

export interface Wanted {
  readonly name: string;
  readonly fullPath: string;
  /** Of the address: where to go after signing in. */
  readonly to?: unknown;
}

export type WayIn = { readonly name: "login"; readonly query: { readonly to?: string } } | { readonly name: "setup" } | { readonly path: string };

const AT_THE_DOOR: ReadonlySet<string> = new Set(["login", "setup"]);

/** Where they are sent instead; null when they get what they asked for. */
export function wayIn(me: Me | null, wanted: Wanted): WayIn | null {
  if (me === null) return null;
  const atTheDoor = AT_THE_DOOR.has(wanted.name);
  if (!me.login_required || me.known) return atTheDoor ? { path: safeReturn(wanted.to) } : null;
  if (me.setup_needed) return wanted.name === "setup" ? null : { name: "setup" };
  if (wanted.name === "login") return null;
  const back = atTheDoor ? "/" : safeReturn(wanted.fullPath);
  return { name: "login", query: back === "/" ? {} : { to: back } };
}

/** A page of this console to go to, as an address of it asks; anything else, such as another site's, is the wall. */
export function safeReturn(to: unknown): string {
  if (typeof to !== "string" || !/^\/(?![/\\])/.test(to) || hasControls(to)) return "/";
  return /^\/(login|setup|api)(?=[/?#]|$)/.test(to) ? "/" : to;
}

/** Browsers leave tabs and line ends out of addresses: `/\t/evil.example` would lead to another site. */
function hasControls(text: string): boolean {
  return [...text].some((letter) => letter <= " " || letter === "\u007f");
}
