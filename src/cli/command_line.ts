/**
 * Commands as they are typed again.
 *
 * @module
 */
import type { Options } from "./arguments.ts";
import { serverWord } from "./contact.ts";
import { rateText } from "./size.ts";
import { OPTIONS } from "./table.ts";
import { durationText, quoteShell } from "./text.ts";

/** The command line that does the same again. */
export function commandLine(
  command: string,
  operands: readonly string[],
  options: Options,
): string {
  const server = serverWord(options);
  const words = [
    "ft",
    command,
    ...(server === undefined || server === "127.0.0.1:5000" ? [] : wordsOf("server", server)),
    ...optionWords(command, options),
    ...paceWords(options),
    ...(options.state === undefined ? [] : wordsOf("state", options.state)),
    ...(operands.some((operand) => operand.startsWith("-")) ? ["--"] : []),
    ...operands,
  ];
  return words.map(quoteShell).join(" ");
}

/** How a command does what it does, as it is typed; which server, and whose state, aside. */
export function optionWords(command: string, options: Options): string[] {
  const words: string[] = [];
  const add = (name: string, value: string | undefined, usual?: string) => {
    if (value !== undefined && value !== usual) words.push(...wordsOf(name, value));
  };
  add("token-file", options.tokenFile);
  if (options.plain) words.push("--plain");
  if (command === "get" || command === "fetch") add("output", options.output, "downloads/");
  for (const pattern of options.exclude) add("exclude", pattern);
  add("links", options.links, "keep");
  if (command === "share") {
    add("expires", options.expires === undefined ? undefined : durationText(options.expires));
    add("downloads", options.downloads?.toString());
    add("note", options.note);
    if (options.secret) words.push("--secret");
    if (options.hideName) words.push("--hide-name");
  }
  add("on-conflict", options.onConflict, "rename");
  add("compress", options.compress, "auto");
  if (options.checksum) words.push("--checksum");
  if (options.dryRun) words.push("--dry-run");
  add("name", options.name);
  add("code-file", options.codeFile);
  return words;
}

/** How fast, how often and how long it goes on, as it is typed. */
function paceWords({ limit, retries, timeout }: Options): string[] {
  return [
    ...(limit === undefined ? [] : wordsOf("limit", rateText(limit))),
    ...(retries === OPTIONS.retries.default ? [] : wordsOf("retries", String(retries))),
    ...(timeout === undefined ? [] : wordsOf("timeout", durationText(timeout))),
  ];
}

/** An option as it is typed: a value that begins with a dash would be read as the next option. */
export function wordsOf(name: string, value: string): string[] {
  return value.startsWith("-") ? [`--${name}=${value}`] : [`--${name}`, value];
}
