import type { About, Room, RoomAbout } from "../../mod.ts";
import { info } from "../../verbs/info.ts";
import type { Options } from "../arguments.ts";
import { clientOptions } from "../contact.ts";
import type { ItemLine } from "../json.ts";
import { remoteLine, timeLine } from "../remote_line.ts";
import { withSignals } from "../shell.ts";
import { escapeText, formatBytes, formatTime } from "../text.ts";
import { show } from "../voice.ts";

/** `ft info NAME [public or shared]` */
export async function runInfo(operands: readonly string[], options: Options): Promise<number> {
  const [name = "", word] = operands;
  const room = word === "public" || word === "shared" ? word : undefined;
  const found = await withSignals((signal) => info(name, room, clientOptions(options, signal)));
  show(() => found.map(aboutText).join("\n"), () => found.map(lineOf));
  return 0;
}

function lineOf({ room, about }: RoomAbout): ItemLine {
  const { digest, mtime } = about;
  return {
    ...remoteLine(room, about),
    what: "about",
    digest: digest ?? null,
    modified: mtime === undefined ? null : timeLine(mtime),
  };
}

/** All that is known of a file, one thing a line. */
export function aboutText({ room, about }: RoomAbout): string {
  return rows(room, about)
    .map(([title, text]) => `${`${title}:`.padEnd(12)}${escapeText(text)}\n`)
    .join("");
}

function rows(room: Room, about: About): (readonly [string, string])[] {
  const { name, size, digest, time, mtime, who, mine, expires, downloads, secret, note } = about;
  const { files, missing } = about;
  return [
    ["Name", name],
    ["Room", room],
    ["Size", `${formatBytes(size)} (${size} bytes)`],
    ...(files === undefined
      ? [["Digest", digest ?? "(told when it has been fetched)"] as const]
      : [["Files", String(files)] as const]),
    ...(missing === undefined ? [] : [["Missing", String(missing)] as const]),
    ["Here since", formatTime(time)],
    ...(mtime === undefined ? [] : [["Modified", formatTime(mtime)] as const]),
    ...(who === undefined ? [] : [["From", who] as const]),
    ...(mine ? [["Mine", "yes"] as const] : []),
    ...(expires === undefined ? [] : [["Expires", formatTime(expires)] as const]),
    ...(downloads === undefined ? [] : [["Downloads", `${downloads} left`] as const]),
    ...(secret === undefined ? [] : [["Secret", secret] as const]),
    ...(note === undefined || secret !== undefined ? [] : [["Note", note] as const]),
  ];
}
