import { deepStrictEqual, throws } from "node:assert/strict";
import { FtError } from "../error.ts";
import { parseRate, parseSize, rateText } from "./size.ts";

const isUsage = (error: unknown) =>
  error instanceof FtError && error.code === "usage" && error.hint !== undefined;

Deno.test("parseSize() gives bytes in units of 1000 and of 1024", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["20", 20],
    ["0B", 0],
    ["1B", 1],
    ["64KB", 64_000],
    ["64kB", 64_000],
    ["64KiB", 65_536],
    ["500MB", 500_000_000],
    ["1.5GiB", 1_610_612_736],
    ["0.1KiB", 102],
    ["2TB", 2e12],
    ["16TiB", 17_592_186_044_416],
  ];
  for (const [text, bytes] of cases) deepStrictEqual(parseSize(text), bytes, text);
});

Deno.test("parseSize() refuses everything else as usage", () => {
  const wrong = [
    "",
    "01",
    "00",
    "MB",
    "1 MB",
    " 1MB",
    "1MB\n",
    "-1MB",
    "+1MB",
    "1e3B",
    "1mb",
    "1Mb",
  ];
  for (const text of [...wrong, "1kiB", "1iB", ".5MB", "1.MB", "1,5MB", "١MB", "9999999TiB"]) {
    throws(() => parseSize(text), isUsage, text);
  }
});

Deno.test("parseRate() takes a size with and without /s, and nothing else", () => {
  deepStrictEqual(["50MB/s", "50MB", "10MiB/s", "0/s"].map(parseRate), [5e7, 5e7, 10_485_760, 0]);
  for (const text of ["", "/s", "50", "50/s", "50MB/m", "50MB/s/s", "50MB /s", "50Mbit/s"]) {
    throws(() => parseRate(text), isUsage, text);
  }
});

Deno.test("rateText() is what parseRate() reads, in the largest unit that is exact", () => {
  for (const text of ["50MB/s", "64KB/s", "10MiB/s", "1536KiB/s", "65537B/s", "2TB/s"]) {
    deepStrictEqual(rateText(parseRate(text)), text);
  }
});
