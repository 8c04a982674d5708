/** Who looks at the page, and what they may do: said by the server, which decides; the page only shows what makes sense. */
import { computed, ref, shallowRef } from "vue";

import type { Me, Permission } from "../api/access";
import { getJson } from "../api/client";

const PATH = "/api/v1/auth/me";
/** A session that was ended elsewhere, a role that changed and incident mode show within this time. */
const ASK_EVERY_MS = 20_000;

/** What the server said last; null while it could not be asked. */
export const me = shallowRef<Me | null>(null);
/** There was a session in this page, and it has ended. */
export const sessionEnded = ref(false);

/** May be on the page at all: known, or the server asks nobody. */
export const admitted = computed(() => me.value === null || me.value.known || !me.value.login_required);
export const user = computed(() => me.value?.user ?? null);
/** Limited to some cameras: what concerns the whole of popcam is not theirs to see. */
export const limited = computed(() => user.value !== null && (user.value.cameras !== null || user.value.groups !== null));
export const lockdown = computed(() => (me.value?.lockdown?.active ? me.value.lockdown : null));

/** Whether who looks holds a permission; `whole`: on all of popcam, not on some cameras only. Before anything is known,
 * nothing is hidden: the server refuses what may not be. */
export function may(permission: Permission, whole = false): boolean {
  if (me.value === null) return true;
  return me.value.permissions.includes(permission) && !(whole && limited.value);
}

let asking: Promise<void> | null = null;

/** Ask the server who this is. It never throws: what can't be asked stays as it was. */
export function askWho(): Promise<void> {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask(): Promise<void> {
  const before = me.value;
  try {
    const now = await getJson<Me>(PATH);
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    if (before?.known && before.login_required && !now.known) sessionEnded.value = true;
    me.value = now;
  } catch {
    // The shell says that the server does not answer; the next time is soon.
  }
}

/** Who this is, asked once; later pages need not wait. */
export function knownWho(): Promise<void> {
  return me.value === null ? askWho() : Promise.resolve();
}

/** The server refused a request because it knows nobody: the session has ended. */
export function endSession(): void {
  const now = me.value;
  if (now && !now.known) return;
  sessionEnded.value = now !== null;
  me.value = { login_required: true, setup_needed: false, oidc: false, ...now, known: false, user: null, permissions: [], lockdown: null };
  void askWho(); // whether another way in is offered
}

/** Keep asking, so that what changes elsewhere shows here. */
export function keepAsking(): void {
  const ask = () => {
    if (!document.hidden) void askWho();
  };
  setInterval(() => {
    if (me.value?.known ?? true) ask();
  }, ASK_EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
