/** How long a new token works. Pure. */

export const EXPIRIES = ["30", "90", "365", "never"] as const;
export type Expiry = (typeof EXPIRIES)[number];

/** In days, as the server is asked; null for no end. */
export function daysOf(expiry: Expiry): number | null {
  return expiry === "never" ? null : Number(expiry);
}
