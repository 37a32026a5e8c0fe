import type { Command } from "./command.ts";
import { SERVER } from "./option_groups.ts";

/** The rows of the commands that tell of files, and of what is kept of them. */
export const SEEING_FILES = {
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
      { name: "NAME", names: "listed", help: "A name that a list shows." },
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
    operands: [{
      name: "NAME",
      repeatable: true,
      names: "mine",
      help: "A name that 'ft mine' shows.",
    }],
    options: [...SERVER, "root", "retries", "timeout", "state", "quiet"],
    // It decides whose share is removed.
    typed: ["root"],
    examples: [
      { args: ["unshare", "plan.pdf"], sentence: "Take one file back." },
      {
        args: ["unshare", "plan.pdf", "--root", "/srv/ft"],
        sentence: "Remove what a client shared, on the server.",
      },
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
} as const satisfies Record<string, Command>;
