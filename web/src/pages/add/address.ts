/** What can be said about an address while it is typed, before anybody is asked. What the server says holds. Pure. */
import type { WordKey } from "../../i18n/words";

export interface Finding {
  readonly word: WordKey;
  readonly values?: Readonly<Record<string, string>>;
  /** What was probably meant. */
  readonly fix?: string;
  /** The text belongs to another kind of source. */
  readonly elsewhere?: "network";
}

const SCHEMES = ["rtsp", "rtsps", "http", "https"];
/** Words of manuals that stand for something, such as `<ip>`, `{port}` or `HOST`. */
const PLACEHOLDER = /<[^>]*>|\{[^}]*\}|\bHOST\b|\bIP_?ADDRESS\b/;
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Why this can't be the address of a network camera; null when it can, and for nothing. */
export function networkFinding(text: string): Finding | null {
  const address = text.trim();
  if (address === "") return null;
  if (CONTROL.test(address)) return { word: "add.check.control" };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return withoutScheme(address);
  if (!SCHEMES.includes(scheme)) return unknownScheme(scheme, address);
  const placeholder = PLACEHOLDER.exec(address)?.[0];
  if (placeholder) return { word: "add.check.placeholder", values: { part: placeholder } };
  return hostFinding(address);
}

/** Why this can't be a path on the server; null when it can, and for nothing. */
export function pathFinding(text: string): Finding | null {
  const path = text.trim();
  if (CONTROL.test(path)) return { word: "add.check.control" };
  if (/^file:\/\//i.test(path)) return { word: "add.check.fileScheme", fix: path.replace(/^file:\/\//i, "") };
  if (/^(?:rtsps?|https?):/i.test(path)) return { word: "add.check.isAddress", elsewhere: "network" };
  return null;
}

/** The host of an address, without port and credentials; empty when there is none. */
export function hostOf(text: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text.trim())?.[1] ?? "";
  return authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d*$/, "");
}

function withoutScheme(address: string): Finding {
  const scheme = /^(rtsps?|https?):\/?/i.exec(address);
  if (scheme) {
    const name = scheme[1] ?? "";
    return { word: "add.check.slashes", values: { scheme: name }, fix: `${name.toLowerCase()}://${address.slice(scheme[0].length)}` };
  }
  // Manuals often leave the scheme out; nearly always it is RTSP.
  return /^[\w.[\]@:-]+(?:\/\S*)?$/.test(address) ? { word: "add.check.scheme", fix: `rtsp://${address}` } : { word: "add.check.scheme" };
}

function unknownScheme(scheme: string, address: string): Finding {
  const near = SCHEMES.find((known) => distance(known, scheme) === 1);
  const found: Finding = { word: "add.check.schemeNear", values: { scheme: `${scheme}://` } };
  return near ? { ...found, fix: near + address.slice(scheme.length) } : found;
}

function hostFinding(address: string): Finding | null {
  // Browsers know no RTSP: they would let hosts pass there that they check in web addresses.
  const asWeb = address.replace(/^[a-z]+:/i, "http:");
  const authority = /^http:\/\/([^/?#]*)/.exec(asWeb)?.[1] ?? "";
  const place = authority.slice(authority.lastIndexOf("@") + 1);
  if (place === "" || place.startsWith(":")) return { word: "add.check.host" };
  const port = /:([^:\]]*)$/.exec(place)?.[1];
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535)) return { word: "add.check.port" };
  // A password may hold anything that the server can read; only the place is judged.
  return !/\s/.test(place) && canParse(`http://${place}`) ? null : { word: "add.check.invalid" };
}

/** (`URL.canParse` is younger than the browsers we serve.) */
function canParse(url: string): boolean {
  try {
    return Boolean(new URL(url));
  } catch {
    return false;
  }
}

/** Letters to add, drop or change to get from one word to another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    let corner = row[0] ?? 0;
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const above = row[j + 1] ?? 0;
      next.push(Math.min(above + 1, (next[j] ?? 0) + 1, corner + (letter === other ? 0 : 1)));
      corner = above;
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
