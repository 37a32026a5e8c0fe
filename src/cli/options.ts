/**
 * The options in the table of what can be typed after `ft`.
 *
 * @module
 */

import type { Option } from "./option.ts";

/** Every option by its long name. */
export const OPTIONS = {
  host: {
    kind: "text",
    metavar: "ADDRESS",
    default: "127.0.0.1",
    help:
      "Address to listen on; 0.0.0.0 is every address of this machine. Where others reach it, " +
      "a token is needed.",
  },
  port: {
    kind: "integer",
    metavar: "N",
    default: 5000,
    min: 0,
    max: 65535,
    help: "Port to listen on; 0 picks a free one and says which.",
  },
  root: {
    kind: "text",
    metavar: "DIR",
    names: "folder",
    help: "Folder of the server, which holds the three rooms. By default the current one.",
  },
  "require-token": {
    kind: "flag",
    help:
      "Ask for a token on this machine itself, too. Where ports are forwarded to it, strangers " +
      "look like this machine.",
  },
  open: {
    kind: "flag",
    typed: true,
    help: "Let everybody in who reaches the port, without a token.",
  },
  cert: {
    kind: "text",
    metavar: "FILE",
    names: "file",
    help:
      "Certificate of your own in PEM, followed by those that vouch for it. Clients know it by " +
      "its names and the system's authorities, or by its key if it vouches for itself.",
  },
  key: {
    kind: "text",
    metavar: "FILE",
    names: "file",
    help: "The private key of --cert, in PEM.",
  },
  "keep-partials": {
    kind: "duration",
    metavar: "DURATION",
    default: "7d",
    help: "How long what interrupted uploads left is kept for going on.",
  },
  "max-file": {
    kind: "size",
    metavar: "SIZE",
    default: "16TiB",
    help: "Largest file that is taken in.",
  },
  quota: {
    kind: "size",
    metavar: "SIZE",
    help: "Most that each of uploads/ and shared_uploads/ may hold, what is under way or was " +
      "interrupted included. No limit by default.",
  },
  "min-free": {
    kind: "size",
    metavar: "SIZE",
    help: "Space on the disk that uploads leave free; 0 turns it off. By default 1GiB, or 5 % of " +
      "the file system where that is less.",
  },
  limit: {
    kind: "rate",
    metavar: "RATE",
    min: "64KB/s",
    help:
      "Most bytes of files that move in a second, both ways, such as 50MB/s; of a server with " +
      "all clients together. No limit by default.",
  },
  "limit-client": {
    kind: "rate",
    metavar: "RATE",
    min: "64KB/s",
    help: "As --limit for each client, however many connections it has. No limit by default.",
  },
  "max-transfers": {
    kind: "integer",
    metavar: "N",
    default: 256,
    min: 32,
    max: 65_536,
    help: "Transfers that one client may have open at once over all its connections.",
  },
  "max-connections": {
    kind: "integer",
    metavar: "N",
    default: 1000,
    min: 1,
    max: 65_536,
    help: "Connections at once.",
  },
  "max-connections-per-address": {
    kind: "integer",
    metavar: "N",
    default: 500,
    min: 1,
    max: 65_536,
    help: "Connections at once from one address.",
  },
  "handshake-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "10s",
    min: "1s",
    help: "How long a connection has for the TLS handshake and to say who it is.",
  },
  "frame-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "120s",
    min: "10s",
    help: "How long one message may take from its first to its last byte.",
  },
  "idle-timeout": {
    kind: "duration",
    metavar: "DURATION",
    default: "60s",
    // Clients say every 15 seconds that they are there.
    min: "30s",
    help: "How long a connection may be silent.",
  },
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
  new: {
    kind: "flag",
    typed: true,
    help: "Replace the token: the invites of before let nobody in any more.",
  },
  yes: {
    kind: "flag",
    typed: true,
    help:
      "Ask nothing: without a name fetch takes all that is shared. A key that is not known is " +
      "not trusted by this; see --trust-first.",
  },
  output: {
    kind: "text",
    metavar: "PATH",
    short: "o",
    default: "downloads/",
    names: "path",
    help: "Where downloads go; made if missing. A folder when it is one, ends in /, " +
      "or several files are asked for; else the file's own path. - is standard output.",
  },
  name: {
    kind: "text",
    metavar: "NAME",
    help: "The name that one file gets on the server; needed for standard input.",
  },
  size: {
    kind: "size",
    metavar: "SIZE",
    help: "How much comes on standard input: with more or less, nothing is published. " +
      "A truncated archive can be sent so.",
  },
  secret: {
    kind: "flag",
    help:
      "Encrypt it for whoever has the code that is shown at the end. The server cannot read it.",
  },
  "hide-name": {
    kind: "flag",
    help: "With --secret: give it a random name on the server. Its own comes back with the code.",
  },
  "code-file": {
    kind: "text",
    metavar: "PATH",
    help: "File whose first line is the code of what is secret. It beats FT_CODE.",
  },
  "on-conflict": {
    kind: "choice",
    choices: ["rename", "overwrite", "skip", "fail"],
    default: "rename",
    typedChoices: ["overwrite"],
    help: "What to do when a different file of that name exists. " +
      "On the server only one's own files are overwritten.",
  },
  exclude: {
    kind: "list",
    metavar: "PATTERN",
    help:
      "Leave out what the pattern fits, written as in a .gitignore: in folders and among what " +
      "is named. It can be given many times, and beats the .ftignore files in folders.",
  },
  links: {
    kind: "choice",
    choices: ["keep", "follow", "skip"],
    default: "keep",
    help: "What becomes of symbolic links in folders: kept where they stay inside, sent as what " +
      "they lead to, or left out.",
  },
  "dry-run": { kind: "flag", help: "Say what would travel, and change nothing." },
  checksum: {
    kind: "flag",
    help: "Compare digests, not size and time, to know what need not travel.",
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
  expires: {
    kind: "duration",
    metavar: "DURATION",
    help: "How long a token is valid or a share lives, from now on. Without it, until it is " +
      "revoked or taken back.",
  },
  downloads: {
    kind: "integer",
    metavar: "N",
    min: 1,
    max: 1_000_000,
    help: "How often a share can be fetched. A fetch counts when all of it has arrived. Without " +
      "it, as often as anybody likes.",
  },
  note: {
    kind: "text",
    metavar: "TEXT",
    shape: { pattern: /^[^]{0,1024}$/, sentence: "a text of at most 1024 characters" },
    help: "What those who list a share are told of it.",
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
  FT_CODE: "The code of what is secret, for fetch.",
  FT_CONFIG: "The config file, in place of the user's own.",
  FT_TOKEN: "The token that the server asks for, where no other is known.",
  NO_COLOR: "When set to anything, no colours.",
} as const satisfies Record<string, string>;
