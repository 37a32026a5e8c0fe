/**
 * The options in the table of what can be typed after `ft`.
 *
 * @module
 */

import { MOVING_OPTIONS } from "./moving_options.ts";
import type { Option } from "./option.ts";
import { SERVING_OPTIONS } from "./serving_options.ts";

/** Every option by its long name. */
export const OPTIONS = {
  ...SERVING_OPTIONS,
  server: {
    kind: "text",
    metavar: "SERVER",
    default: "127.0.0.1:5000",
    names: "server",
    // Only the outline, so that a mistake is named before anything starts; dialling reads it fully.
    // An invite is judged there alone: it may hold a token, which no error shows.
    shape: {
      pattern: /^(ft:\/\/.*|(\[[^\s[\]]+\]|[^\s:/[\]]+)(:\d{1,5})?)$/s,
      sentence: "HOST:PORT such as 192.168.1.20:5000 or [::1]:5000, a saved name, or an invite",
    },
    help:
      "Server to talk to: the name of a saved one, an invite, or HOST:PORT; IPv6 as [::1]:5000.",
  },
  "token-file": {
    kind: "text",
    metavar: "PATH",
    names: "file",
    help: "File whose first line is the token that the server asks for. It beats that of an " +
      "invite or a saved server, which beats FT_TOKEN.",
  },
  "trust-first": {
    kind: "flag",
    typed: true,
    help: "Accept and remember the key of a server that is not known yet, without asking.",
  },
  plain: {
    kind: "flag",
    typed: true,
    help: "No encryption: everybody on the way can read and change what travels. " +
      "Both sides have to say it.",
  },
  ...MOVING_OPTIONS,
  limit: {
    kind: "rate",
    metavar: "RATE",
    min: "64KB/s",
    help:
      "Most bytes of files that move in a second, both ways, such as 50MB/s; of a server with " +
      "all clients together. No limit by default.",
  },
  new: {
    kind: "flag",
    typed: true,
    help: "Replace the token: the invites of before let nobody in any more.",
  },
  yes: {
    kind: "flag",
    typed: true,
    help:
      "Ask nothing: without a name fetch takes all that is shared. It answers for nothing else: " +
      "what is secret fails without its code, and a key that is not known is refused.",
  },
  allow: {
    kind: "text",
    typed: true,
    metavar: "VERBS",
    shape: {
      pattern: /^(put|get|share|fetch)(,(put|get|share|fetch))*$/,
      sentence: "one or more of put, get, share, fetch, with commas between",
    },
    help: "What the token allows, with commas between: put, get, share, fetch.",
  },
  sort: {
    kind: "choice",
    choices: ["age", "name", "size", "who", "downloads", "expiry"],
    default: "age",
    help: "The order of a list: oldest, largest, least downloads or first to expire first.",
  },
  match: {
    kind: "text",
    metavar: "PATTERN",
    shape: { pattern: /^[^]{0,256}$/, sentence: "a pattern of at most 256 characters" },
    help: "List only names that fit: * is any run of characters, ? any one.",
  },
  older: {
    kind: "duration",
    metavar: "DURATION",
    default: "0s",
    help: "Clear only what was not written to for this long; 0s is everything not in use.",
  },
  retries: {
    kind: "integer",
    metavar: "N",
    default: 5,
    min: 0,
    max: 1000,
    help: "How often to connect again after the connection was lost.",
  },
  timeout: {
    kind: "duration",
    metavar: "DURATION",
    min: "1s",
    // As long as a timer can be set for.
    max: "24d",
    help: "How long the whole command may take, all waiting included; then it fails with " +
      "'timeout', and what has arrived is kept. No limit by default.",
  },
  state: {
    kind: "text",
    metavar: "DIR",
    names: "folder",
    help: "Folder for what ft remembers, such as keys and lists. By default the user's own.",
  },
  json: {
    kind: "flag",
    help: "Write one JSON object a line to standard output, and nothing else.",
  },
  quiet: { kind: "flag", short: "q", help: "Say only what was asked for, and what failed." },
  help: { kind: "flag", short: "h", help: "Show this help." },
  version: { kind: "flag", help: "Show the version." },
} as const satisfies Record<string, Option>;

/** Long name of an option. */
export type OptionName = keyof typeof OPTIONS;

/** Options that every command takes and that end it. */
export const EVERYWHERE = ["help", "version"] as const satisfies readonly OptionName[];

/** Options that every command takes beside those of its row. */
export const ALWAYS = ["json"] as const satisfies readonly OptionName[];

/** Whether the environment or the config file may stand for an option. */
export function isStorable(name: OptionName): boolean {
  const option: Option = OPTIONS[name];
  return option.typed === undefined && !(EVERYWHERE as readonly OptionName[]).includes(name);
}

/** Name of the environment variable that stands for an option, if one may. */
export function variableOf(name: OptionName): string | undefined {
  return isStorable(name) ? `FT_${name.toUpperCase().replaceAll("-", "_")}` : undefined;
}

/** Environment variables that stand for no option. */
export const VARIABLES = {
  FT_CODE: "The code of what is secret, for fetch and client.",
  FT_CONFIG: "The config file, in place of the user's own.",
  FT_TOKEN: "The token that the server asks for, where no other is known.",
  NO_COLOR: "When set to anything, no colours.",
} as const satisfies Record<string, string>;
