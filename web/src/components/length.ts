/** A length of time as a number and the unit that suits it. Pure. */
export const LENGTH_UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;
export type LengthUnit = (typeof LENGTH_UNITS)[number][0];

export const secondsIn = (unit: LengthUnit) => LENGTH_UNITS.find(([name]) => name === unit)?.[1] ?? 1;

/** The largest unit that leaves no fraction. */
export function unitOf(seconds: number): LengthUnit {
  return seconds <= 0 ? "s" : (LENGTH_UNITS.find(([, size]) => seconds % size === 0)?.[0] ?? "s");
}
