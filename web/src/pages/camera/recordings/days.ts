/** Days as the reader's clock has them. Pure, but for the time zone, which is the browser's own. */

/** `2026-11-22` of a time. */
export function dayOf(unixS: number): string {
  const date = new Date(unixS * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Begin and end of a day in seconds since 1970; 23 or 25 hours apart where clocks change. Null for what is no day. */
export function boundsOf(day: string): { sinceUnixS: number; untilUnixS: number } | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!match) return null;
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const begin = new Date(year, month - 1, date);
  if (begin.getMonth() !== month - 1) return null;
  return { sinceUnixS: begin.getTime() / 1000, untilUnixS: new Date(year, month - 1, date + 1).getTime() / 1000 };
}

/** Minutes that the reader's clock is ahead of UTC now. */
export function utcOffsetMin(now: Date): number {
  return -now.getTimezoneOffset();
}

/** The day as people read it. */
export function formatDay(day: string, language: string): string {
  const bounds = boundsOf(day);
  if (!bounds) return day;
  const options = { weekday: "short", year: "numeric", month: "short", day: "numeric" } as const;
  return new Intl.DateTimeFormat(language, options).format(new Date(bounds.sinceUnixS * 1000));
}
