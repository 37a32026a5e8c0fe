import type { Option } from "./option.ts";

/** The options of moving files: which, where to, and what is said of them. */
export const MOVING_OPTIONS = {
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
    help:
      "How much comes on standard input: bytes, as stat -c %s gives them, or with a unit. With more or less, nothing is published. " +
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
    names: "file",
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
  compress: {
    kind: "choice",
    choices: ["auto", "on", "off"],
    default: "auto",
    help: "Compress what travels where it shrinks: when the link is slower than that takes, " +
      "always, or never. What is secret is not compressed.",
  },
  expires: {
    kind: "duration",
    metavar: "DURATION",
    min: "1s",
    // 100 years, as long as the protocol lets a share live.
    max: "36525d",
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
} as const satisfies Record<string, Option>;
