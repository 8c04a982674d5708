/** Numbers and times as the reader's language writes them. Pure. */

const decimals = new Map<string, Intl.NumberFormat>();

/** A formatter takes 50 times as long to make as to use, and a wall writes hundreds of numbers a second. */
function decimalFormat(language: string, digits: number): Intl.NumberFormat {
  const key = `${language} ${String(digits)}`;
  const format = decimals.get(key) ?? new Intl.NumberFormat(language, { maximumFractionDigits: digits });
  decimals.set(key, format);
  return format;
}

export function formatFps(fps: number, language: string): string {
  return decimalFormat(language, fps < 10 ? 1 : 0).format(fps);
}

/** Whole milliseconds. Clocks of two machines may differ, so a negative latency only says "at once". */
export function formatMs(ms: number, language: string): string {
  return decimalFormat(language, 0).format(Math.max(0, ms));
}

export function formatSeconds(seconds: number, language: string): string {
  return decimalFormat(language, seconds < 10 ? 1 : 0).format(seconds);
}

/** Time of day today, date and time before. */
export function formatWhen(unixS: number, nowUnixS: number, language: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat(language, { dateStyle: "short", ...zone });
  const when = new Date(unixS * 1000);
  const today = day.format(when) === day.format(new Date(nowUnixS * 1000));
  return new Intl.DateTimeFormat(language, {
    ...(today ? {} : { month: "short", day: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...zone,
  }).format(when);
}

/** Date and time in full, to the second. */
export function formatTime(unixS: number, language: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23", ...zone }).format(new Date(unixS * 1000));
}

/** Time of day, to the second. */
export function formatClock(unixS: number, language: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", ...zone }).format(new Date(unixS * 1000));
}

export function formatPercent(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/** A length as players show it: `0:07`, `12:40`, `1:02:03`. */
export function formatLength(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** A size in decimal units, as disks are sold: 1 MB is 10^6 bytes. */
export function formatBytes(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  const digits = value < 10 && power > 0 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit: units[power] ?? "byte", maximumFractionDigits: digits }).format(value);
}
