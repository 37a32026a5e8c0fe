import type { Outcome } from "./outcome.ts";
import { median } from "./statistics.ts";

const WIDTH = 720;
const LABEL = 190;
/** Room right of the longest bar for its number. */
const NUMBER = 90;
const ROW = 20;
const TITLE = 34;

/** The times of each outcome as bars, shorter is better, as SVG for light and dark pages. */
export function chart(outcomes: readonly Outcome[]): string {
  const parts: string[] = [];
  let y = 0;
  for (const { workload, measured } of outcomes) {
    const times = measured.filter(({ unit }) => unit === "s")
      .map(({ name, values }) => ({ name, seconds: median(values) }))
      .toSorted((a, b) => a.seconds - b.seconds);
    const longest = Math.max(...times.map(({ seconds }) => seconds));
    parts.push(`<text x="0" y="${y + 22}" class="title">${escaped(workload)}, seconds</text>`);
    y += TITLE;
    for (const { name, seconds } of times) {
      const width = Math.max(1, seconds / longest * (WIDTH - LABEL - NUMBER));
      const kind = name.startsWith("ft") ? "ft" : "peer";
      parts.push(
        `<text x="${LABEL - 8}" y="${y + 14}" class="name">${escaped(name)}</text>`,
        `<rect x="${LABEL}" y="${y + 3}" width="${width.toFixed(1)}" height="14" class="${kind}"/>`,
        `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 14}">${seconds.toFixed(2)}</text>`,
      );
      y += ROW;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" role="img">
<style>
text { font: 12px sans-serif; fill: #57606a }
.title { font-weight: bold }
.name { text-anchor: end }
.ft { fill: #1a7f37 }
.peer { fill: #8c959f }
</style>
${parts.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
