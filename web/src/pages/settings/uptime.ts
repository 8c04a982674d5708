/** How long something has been running, in its two largest units: `3 days, 4 hr`. Pure. */
export function upFor(seconds: number, language: string): string {
  const whole = Math.max(0, Math.floor(seconds));
  const amounts = [
    ["day", Math.floor(whole / 86_400)],
    ["hour", Math.floor(whole / 3_600) % 24],
    ["minute", Math.floor(whole / 60) % 60],
    ["second", whole % 60],
  ] as const;
  const first = amounts.findIndex(([, amount]) => amount > 0);
  const from = first < 0 ? amounts.length - 1 : first;
  return amounts
    .slice(from, from + 2)
    .map(([unit, amount]) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(amount))
    .join(language.startsWith("zh") ? "" : ", ");
}
