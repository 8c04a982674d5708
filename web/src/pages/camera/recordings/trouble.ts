/** Why a recording does not play. Pure, but for the question whether it is still there. */

/** - `moved`: the file is not there (any more). - `unplayable`: the browser has no decoder for it, or it is no video.
 * - `broken`: it began to play, and can't be read further. - `network`: the server did not answer. */
export type Trouble = "moved" | "unplayable" | "broken" | "network";

/** Read what the browser says about its failed video.
 *
 * @param code `MediaError.code`.
 * @param played whether pictures had been shown.
 */
export async function troubleOf(code: number, played: boolean, url: string): Promise<Trouble> {
  const answer = await fetch(url, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (answer === null || answer.status >= 500) return "network";
  if (!answer.ok) return "moved";
  if (code === MEDIA_ERR_NETWORK) return "network";
  return played || code === MEDIA_ERR_DECODE ? "broken" : "unplayable";
}

const MEDIA_ERR_NETWORK = 2;
const MEDIA_ERR_DECODE = 3;
