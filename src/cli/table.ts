/**
 * The one table of what can be typed after `ft`: here the commands, in options.ts what they share.
 * Parsing and help are made from it; whatever else needs to know a command or an option
 * (completion, a manual page, a config file) reads it here.
 *
 * @module
 */

import { ABOUT_FT } from "./about_ft.ts";
import type { Command, Operand } from "./command.ts";
import { ALWAYS, EVERYWHERE, type OptionName } from "./options.ts";

export type { Command, Operand } from "./command.ts";
export type { Option } from "./option.ts";
export * from "./options.ts";

/** What says which server is talked to, and how it is known. */
const SERVER = ["server", "token-file", "trust-first", "plain"] as const;

/** What of folders is sent. */
const SENT = ["exclude", "links"] as const;

/** How it is found out what has to travel. */
const COMPARED = ["checksum", "dry-run"] as const;

/** Every command by its name. */
export const COMMANDS = {
  serve: {
    summary: "Serve three rooms for files to others",
    about: "Below the root, uploads/ takes private uploads that no client can list or read, " +
      "shared_files/ holds what you put there for download, and shared_uploads/ what clients " +
      "share with each other. Everything is encrypted. On this machine alone it is open; where " +
      "others reach it, it asks for a token and prints the commands that join it. Ctrl-C stops " +
      "it; interrupted transfers go on later.",
    operands: [],
    options: [
      "host",
      "port",
      "root",
      "require-token",
      "open",
      "cert",
      "key",
      "plain",
      "keep-partials",
      "max-file",
      "quota",
      "min-free",
      "limit",
      "limit-client",
      "max-transfers",
      "max-connections",
      "max-connections-per-address",
      "handshake-timeout",
      "frame-timeout",
      "idle-timeout",
      "state",
      "quiet",
    ],
    examples: [
      { args: ["serve"], sentence: "Serve the current folder to this machine." },
      {
        args: ["serve", "--host", "0.0.0.0", "--root", "/srv/ft"],
        sentence: "Serve another folder to all who have its invite.",
      },
    ],
  },
  client: {
    summary: "Send and take files from a menu",
    about: "On a terminal with arrow keys and completion. From a pipe the same answers are read " +
      "line by line.",
    operands: [{
      name: "SERVER",
      optional: true,
      sets: "server",
      names: "server",
      help: "The server, instead of --server.",
    }],
    options: [...SERVER, "output", "retries", "limit", "state", "quiet"],
    examples: [
      { args: ["client"], sentence: "Open the menu for the server on this machine." },
      { args: ["client", "nas"], sentence: "Open it for a server that was joined." },
    ],
  },
  put: {
    summary: "Upload files for the server's owner only",
    about: "They go to uploads/ on the server, where no client can list or read them.",
    operands: [{
      name: "FILE",
      repeatable: true,
      names: "file",
      help: "A local file or folder, a pattern, or - for standard input.",
    }],
    options: [
      ...SERVER,
      ...SENT,
      "name",
      "size",
      "on-conflict",
      ...COMPARED,
      "retries",
      "limit",
      "timeout",
      "state",
      "quiet",
    ],
    examples: [
      { args: ["put", "report.pdf"], sentence: "Upload one file." },
      { args: ["put", "-", "--name", "x.tar"], sentence: "Upload what comes through a pipe." },
      {
        args: ["put", "--server", "nas", "--", "-odd name.txt"],
        sentence: "Upload a file whose name begins with a dash.",
      },
    ],
  },
  get: {
    summary: "Download files that the server offers",
    about: "They come from shared_files/ on the server. " +
      "'ft list public' shows what there is.",
    operands: [{
      name: "NAME",
      repeatable: true,
      names: "public",
      help: "A name that the server offers.",
    }],
    options: [
      ...SERVER,
      "output",
      "on-conflict",
      ...COMPARED,
      "retries",
      "limit",
      "timeout",
      "state",
      "quiet",
    ],
    examples: [
      { args: ["get", "public_report.pdf"], sentence: "Download one file into downloads/." },
      {
        args: ["get", "a.bin", "b.bin", "--output", "/tmp/in"],
        sentence: "Download two files into a folder of your choice.",
      },
      { args: ["get", "x.tar", "--output", "-"], sentence: "Write a file into a pipe." },
    ],
  },
  share: {
    summary: "Upload files for the other clients",
    about: "They go to shared_uploads/ on the server, where every client can list and fetch them " +
      "until they have expired, are used up or are taken back with 'ft unshare'.",
    operands: [{
      name: "FILE",
      repeatable: true,
      names: "file",
      help: "A local file or folder, a pattern, or - for standard input.",
    }],
    options: [
      ...SERVER,
      ...SENT,
      "expires",
      "downloads",
      "note",
      "secret",
      "hide-name",
      "name",
      "size",
      "on-conflict",
      ...COMPARED,
      "retries",
      "limit",
      "timeout",
      "state",
      "quiet",
    ],
    examples: [
      { args: ["share", "my_great_idea.txt"], sentence: "Share one file." },
      {
        args: ["share", "plan.pdf", "--expires", "2h", "--downloads", "3", "--note", "for Ana"],
        sentence: "Share it for two hours and three downloads.",
      },
      {
        args: ["share", "plan.txt", "--on-conflict", "overwrite"],
        sentence: "Share a newer version of your own file in place of the older one.",
      },
    ],
  },
  fetch: {
    summary: "Download files that other clients shared",
    about:
      "Without a name it lists shared_uploads/ and asks which to take; off a terminal a name " +
      "or --yes is needed. An exact name beats a number.",
    operands: [{
      name: "NAME or NUMBER",
      optional: true,
      repeatable: true,
      names: "shared",
      help: "A name, or a number of the last list.",
    }],
    options: [
      ...SERVER,
      "code-file",
      "output",
      "on-conflict",
      ...COMPARED,
      "yes",
      "retries",
      "limit",
      "timeout",
      "state",
      "quiet",
    ],
    examples: [
      { args: ["fetch"], sentence: "Choose from the list." },
      { args: ["fetch", "my_great_idea.txt"], sentence: "Take a file by its name." },
      { args: ["fetch", "1", "3"], sentence: "Take the first and the third of the last list." },
    ],
  },
  retry: {
    summary: "Do again what failed in the last transfer",
    about: "What failed in the last put, share, get or fetch is remembered, of a folder each " +
      "file: just that is done again, the same way and in the same folder. What has arrived does " +
      "not travel again.",
    operands: [],
    options: ["trust-first", "retries", "limit", "timeout", "state", "quiet"],
    examples: [{ args: ["retry"], sentence: "Do again what failed." }],
  },
  list: {
    summary: "List what can be downloaded",
    about: "Shows number, name, size, age, who shared it, how often and until when it can be " +
      "fetched, and its note; oldest first. fetch also takes the number of what is shared.",
    operands: [{
      name: "ROOM",
      optional: true,
      choices: ["public", "shared"],
      help: "What the server offers, or what clients share. Both when left out.",
    }],
    options: [...SERVER, "sort", "match", "retries", "timeout", "state", "quiet"],
    examples: [
      { args: ["list"], sentence: "List everything." },
      { args: ["list", "shared"], sentence: "List what other clients shared." },
      {
        args: ["list", "--match", "*.pdf", "--sort", "size"],
        sentence: "List some of it, the largest first.",
      },
    ],
  },
  info: {
    summary: "Show all that is known of one file",
    about:
      "Size, digest, times, who shared it and how long it lives. The digest of what has only " +
      "so many downloads is shown to its owner alone.",
    operands: [
      { name: "NAME", help: "A name that a list shows." },
      {
        name: "ROOM",
        optional: true,
        choices: ["public", "shared"],
        help: "Where to look. In both when left out.",
      },
    ],
    options: [...SERVER, "retries", "timeout", "state", "quiet"],
    examples: [
      { args: ["info", "my_great_idea.txt"], sentence: "Compare its digest with 'ft sum'." },
    ],
  },
  mine: {
    summary: "List what you put and shared",
    about: "What is still there, with how often and until when it can be fetched. " +
      "Private uploads are listed for whoever sent them alone.",
    operands: [],
    options: [...SERVER, "sort", "match", "retries", "timeout", "state", "quiet"],
    examples: [{ args: ["mine"], sentence: "See what of yours is on the server." }],
  },
  unshare: {
    summary: "Take back what you shared",
    about: "It is gone from the server at once. With --root it is done on the server itself, to " +
      "what anybody shared.",
    operands: [{ name: "NAME", repeatable: true, help: "A name that 'ft mine' shows." }],
    options: [...SERVER, "root", "retries", "timeout", "state", "quiet"],
    examples: [
      { args: ["unshare", "plan.pdf"], sentence: "Take one file back." },
      {
        args: ["unshare", "plan.pdf", "--root", "/srv/ft"],
        sentence: "Remove what a client shared, on the server.",
      },
    ],
  },
  verify: {
    summary: "Read the files of a server of yours again",
    about:
      "Each is compared with the digest it had when it came. A file whose digest is not known " +
      "gets one. It works beside a running server, and ends with 7 when a file is not what it was.",
    operands: [{
      name: "ROOM",
      optional: true,
      choices: ["private", "public", "shared"],
      help: "Which room. All of them when left out.",
    }],
    options: ["root", "timeout", "state", "quiet"],
    examples: [
      { args: ["verify", "--root", "/srv/ft"], sentence: "Verify all that a server keeps." },
    ],
  },
  join: {
    summary: "Save a server from its invite",
    about: "'ft serve' and 'ft invite' print invites. When the server can be reached, its key is " +
      "compared with the one that the invite names. Afterwards the name stands for the server.",
    operands: [
      { name: "INVITE", help: "The invite between '...', or - to read it from standard input." },
      { name: "NAME", optional: true, help: "The name to save it under. By default HOST:PORT." },
    ],
    options: ["plain", "timeout", "state", "quiet"],
    examples: [
      { args: ["join", "-", "nas"], sentence: "Paste an invite that nobody else shall see." },
      {
        args: ["join", "ft://files.example.org:5000/system", "files"],
        sentence: "Save a server whose certificate this system knows.",
      },
    ],
  },
  trust: {
    summary: "List or forget the servers that are known",
    about:
      "Each is known by its key: a server with another key is refused. Forgetting one removes " +
      "its key and its token.",
    operands: [
      {
        name: "ACTION",
        optional: true,
        choices: ["list", "forget"],
        default: "list",
        help: "What to do.",
      },
      {
        name: "SERVER",
        optional: true,
        names: "server",
        help: "The one to forget: its name or HOST:PORT.",
      },
    ],
    options: ["state", "quiet"],
    examples: [
      { args: ["trust"], sentence: "List the known servers with their fingerprints." },
      { args: ["trust", "forget", "nas"], sentence: "Forget one of them." },
    ],
  },
  invite: {
    summary: "Show the invites of a server of this machine",
    about: "One command for each address at which it can be reached. Whoever has one can use the " +
      "server.",
    operands: [],
    options: ["root", "new", "state", "quiet"],
    examples: [
      { args: ["invite", "--root", "/srv/ft"], sentence: "Show the commands that join it." },
      { args: ["invite", "--new"], sentence: "Replace the token, and show the new ones." },
    ],
  },
  sum: {
    summary: "Show the digest of local files",
    about: "It is the digest that ft compares, so equal digests are equal bytes. " +
      "Nothing is sent.",
    operands: [{ name: "FILE", repeatable: true, names: "file", help: "A file of this machine." }],
    options: ["timeout", "state", "quiet"],
    examples: [{ args: ["sum", "report.pdf"], sentence: "Show the digest of one file." }],
  },
  partials: {
    summary: "List or clear what interrupted transfers left",
    about: "It lies below .ft/ in a folder that downloads go to, or in a server's root. " +
      "What is cleared has to travel again.",
    operands: [
      {
        name: "ACTION",
        optional: true,
        choices: ["list", "clear"],
        default: "list",
        help: "What to do.",
      },
      {
        name: "DIR",
        optional: true,
        default: "downloads",
        names: "folder",
        help: "A folder that downloads go to, or a server's root.",
      },
    ],
    options: ["older", "state", "quiet"],
    examples: [
      { args: ["partials"], sentence: "List what is left in downloads/." },
      {
        args: ["partials", "clear", "/srv/ft", "--older", "2d"],
        sentence: "Clear what is older than two days in a server's root.",
      },
    ],
  },
  token: {
    summary: "Say who may do what on a server of yours",
    about:
      "A named token lets its holder do what it allows and nothing else: with put alone it is " +
      "a drop-box, with get alone a shelf. Private uploads go to uploads/NAME/, and shares show " +
      "NAME. The token is shown once, when it is added. A running server heeds all of this at once.",
    operands: [
      { name: "ACTION", choices: ["add", "list", "revoke"], help: "What to do." },
      {
        name: "NAME",
        optional: true,
        help: "Whose token: 1 to 32 of a-z, 0-9, - and _. Not for list.",
      },
    ],
    options: ["allow", "expires", "root", "state", "quiet"],
    examples: [
      {
        args: ["token", "add", "ana", "--allow", "put", "--expires", "7d"],
        sentence: "Let ana send private files for a week.",
      },
      { args: ["token", "list"], sentence: "List the tokens of the server in this folder." },
      {
        args: ["token", "revoke", "ana", "--root", "/srv/ft"],
        sentence: "Let ana in no more, and end what runs with that token.",
      },
    ],
  },
  ...ABOUT_FT,
} as const satisfies Record<string, Command>;

/** Name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** What a command takes, in the order of its help. */
export function optionsOf(name: CommandName): readonly OptionName[] {
  return [...COMMANDS[name].options, ...ALWAYS, ...EVERYWHERE];
}

/** An operand as usage lines show it: `FILE...`, `[NAME or NUMBER...]`, `[public|shared]`. */
export function operandText(operand: Operand): string {
  const text = (operand.choices?.join("|") ?? operand.name) + (operand.repeatable ? "..." : "");
  return operand.optional ? `[${text}]` : text;
}

/** The usage line of a command, without options: `ft get NAME...`. */
export function usageLine(name: CommandName): string {
  const { operands }: Command = COMMANDS[name];
  return ["ft", name, ...operands.map(operandText)].join(" ");
}
