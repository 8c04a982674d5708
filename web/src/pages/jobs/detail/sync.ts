/** Two videos that show the same moment: what the one that follows has to do. Pure. */

/** Further apart than this, catching up would take too long: jump. */
const JUMP_S = 0.35;
/** Closer than half a picture nobody sees it. */
const CLOSE_PICTURES = 0.5;
/** Playing faster or slower by more would be heard and seen. */
const MOST_RATE = 0.15;
/** The drift is made up within about this time. */
const WITHIN_S = 0.8;

export interface Correction {
  /** Where to jump to; null to go on. */
  readonly toS: number | null;
  readonly rate: number;
}

/** How the second video keeps to the first.
 *
 * @param pictureS how long one picture lasts.
 * @param seekS how long its last jump took: it has to jump ahead by that, or it is late again when it arrives.
 */
export function correction(leadS: number, followS: number, pictureS: number, seekS = 0): Correction {
  const behindS = leadS - followS;
  if (Math.abs(behindS) > JUMP_S) return { toS: leadS + Math.min(seekS, JUMP_S), rate: 1 };
  if (Math.abs(behindS) <= CLOSE_PICTURES * pictureS) return { toS: null, rate: 1 };
  return { toS: null, rate: 1 + Math.max(-MOST_RATE, Math.min(MOST_RATE, behindS / WITHIN_S)) };
}

/** The middle of the picture that is `by` pictures away: borders between pictures are rounded this way here, that way there. */
export function stepped(nowS: number, by: number, pictureS: number, lengthS: number): number {
  const last = Math.max(0, Math.round(lengthS / pictureS) - 1);
  const index = Math.min(last, Math.max(0, Math.floor(nowS / pictureS + 1e-6) + by));
  return Math.min((index + 0.5) * pictureS, lengthS);
}

/** How long one picture lasts; a usual one where nobody knows. */
export function pictureLengthS(frames: number, lengthS: number): number {
  return frames > 1 && lengthS > 0 && Number.isFinite(lengthS) ? lengthS / frames : 1 / 25;
}

/** Where the border between the pictures is put by a finger or mouse, 0..100. */
export function borderAt(clientX: number, left: number, width: number): number {
  if (width <= 0) return 50;
  return Math.min(100, Math.max(0, ((clientX - left) / width) * 100));
}
