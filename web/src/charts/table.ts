/** The numbers of one chart: times, and a column per series. Columns are as long as the times. Pure but for `append` and `trim`,
 * which change a table in place: ten times a second a copy of everything would cost more than drawing it. */

export interface Table {
  /** Seconds since 1970, growing. */
  times: number[];
  columns: (number | null)[][];
}

export const emptyTable = (series: number): Table => ({ times: [], columns: Array.from({ length: series }, () => []) });

/** A row at the end. What is not newer than the last one is left out: clocks jump. */
export function append(table: Table, time: number, values: readonly (number | null)[]): void {
  if (time <= (table.times.at(-1) ?? -Infinity)) return;
  table.times.push(time);
  table.columns.forEach((column, index) => column.push(values[index] ?? null));
}

/** Forget what is older. */
export function trim(table: Table, since: number): void {
  const keep = table.times.findIndex((time) => time >= since);
  const gone = keep === -1 ? table.times.length : keep;
  // Moving everything for one row each time would be costly.
  if (gone < 64 && gone < table.times.length) return;
  table.times.splice(0, gone);
  for (const column of table.columns) column.splice(0, gone);
}

export interface History {
  readonly unix_s: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly step_s: number;
}

/** Histories side by side: a row for each time that one of them has. A gap longer than their steps is drawn as one. */
export function joined(histories: readonly History[]): Table {
  const step = Math.max(1, ...histories.map(({ step_s }) => step_s));
  // Series that were measured at the same time differ by parts of a step.
  const rowOf = (time: number) => Math.round(time / step) * step;
  const times = [...new Set(histories.flatMap(({ unix_s }) => unix_s.map(rowOf)))].sort((a, b) => a - b);
  const withGaps = times.flatMap((time, index) => (index > 0 && time - (times[index - 1] ?? time) > 3 * step ? [time - step, time] : [time]));
  const place = new Map(withGaps.map((time, index) => [time, index]));
  const columns = histories.map(({ unix_s, mean }) => {
    const column: (number | null)[] = Array.from({ length: withGaps.length }, () => null);
    unix_s.forEach((time, index) => {
      const row = place.get(rowOf(time));
      if (row !== undefined) column[row] = mean[index] ?? column[row] ?? null;
    });
    return column;
  });
  return { times: withGaps, columns };
}

/** With another set of series: columns of those that stay are kept, new ones are empty so far. */
export function reseries(table: Table, before: readonly string[], now: readonly string[]): Table {
  return {
    times: table.times,
    columns: now.map((key) => table.columns[before.indexOf(key)] ?? table.times.map(() => null)),
  };
}

/** Between two times, both included. */
export function between(table: Table, from: number, until: number): Table {
  const rows = table.times.flatMap((time, index) => (time >= from && time <= until ? [index] : []));
  const pick = <Value>(list: readonly Value[]) => rows.map((row) => list[row] as Value);
  return { times: pick(table.times), columns: table.columns.map(pick) };
}

/** As a spreadsheet reads it: times in UTC, a column per series. */
export function csvOf(names: readonly string[], table: Table): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = table.times.map((time, row) => [new Date(time * 1000).toISOString(), ...table.columns.map((column) => String(column[row] ?? ""))].join(","));
  return [["time", ...names.map(cell)].join(","), ...lines].join("\n") + "\n";
}
