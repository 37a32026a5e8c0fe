import type { Command } from "./command.ts";
import { COMPARED, SENT, SERVER } from "./option_groups.ts";

/** What put, share, get and fetch take beside what is their own. */
const HOW = ["compress", "retries", "limit", "timeout", "state", "quiet"] as const;

/** What put and share send. */
const SENDABLE = {
  name: "FILE",
  repeatable: true,
  names: "file",
  help: "A local file or folder, a pattern, or - for standard input.",
} as const;

/** The rows of the commands by which files move, that of the server first. */
export const MOVING_FILES = {
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
    options: [...SERVER, "code-file", "output", "retries", "limit", "state", "quiet"],
    examples: [
      { args: ["client"], sentence: "Open the menu for the server on this machine." },
      { args: ["client", "nas"], sentence: "Open it for a server that was joined." },
    ],
  },
  put: {
    summary: "Upload files for the server's owner only",
    about: "They go to uploads/ on the server, where no client can list or read them.",
    operands: [SENDABLE],
    options: [
      ...SERVER,
      ...SENT,
      "name",
      "size",
      "on-conflict",
      ...COMPARED,
      ...HOW,
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
      ...HOW,
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
    operands: [SENDABLE],
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
      ...HOW,
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
      ...HOW,
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
} as const satisfies Record<string, Command>;
