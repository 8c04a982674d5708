/** How long something has lasted, in the largest unit that fits: `3 min`, `2 h`. Pure. */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

export function formatDuration(seconds: number, language: string): string {
  const whole = Math.max(0, Math.round(seconds));
  const [unit, size] = UNITS.find(([, length]) => whole >= length) ?? (["second", 1] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: language.startsWith("zh") ? "long" : "short", maximumFractionDigits: 0 }).format(Math.floor(whole / size));
}
