import { formatBytes } from "../../src/cli/text.ts";
import type { Measured, Outcome } from "./outcome.ts";
import { median, spread } from "./statistics.ts";

/**
 * An outcome as a table for a terminal: each row with its median, its spread, its rate, and what ft
 * takes of its time, encrypted and plain, and what it promises; then what has a goal.
 */
export function table({ workload, bytes, measured }: Outcome): string {
  const ratio = (name: string) => {
    const found = measured.find((one) => one.unit === "x" && one.name === name);
    return found === undefined ? "" : `${name.replace(/ \/.*/, "")} ${shown(found)}`;
  };
  const rows = measured.filter(({ unit }) => unit !== "x").map((one) => {
    const [least, most] = spread(one.values).map((value) => shown(one, value));
    return [
      one.name,
      shown(one),
      one.values.length > 1 ? `${least} to ${most}` : "",
      one.unit === "s" && bytes > 0 ? `${formatBytes(bytes / median(one.values))}/s` : "",
      ratio(`ft / ${one.name}`),
      ratio(`ft --plain / ${one.name}`),
      one.promises ?? "",
    ];
  });
  const aims = measured.filter((one) => one.goal !== undefined || isAlone(one));
  return [
    workload,
    ...inColumns(rows),
    ...inColumns(aims.map((one) => [one.name, shown(one), verdict(one)])),
  ].join("\n");
}

/** Whether it is a ratio that no row of a time shows. */
function isAlone({ unit, name }: Measured): boolean {
  return unit === "x" && !name.startsWith("ft");
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths?.[at] ?? 0)).join("  ")}`.trimEnd()
  );
}

function shown({ unit, values }: Measured, value: number = median(values)): string {
  return unit === "x" ? value.toFixed(2) : `${value.toFixed(unit === "MiB" ? 0 : 2)} ${unit}`;
}

function verdict(one: Measured): string {
  if (one.goal === undefined) return "";
  const isMet = median(one.values) <= one.goal;
  return `${isMet ? "met" : "missed"}: at most ${shown(one, one.goal)}`;
}
