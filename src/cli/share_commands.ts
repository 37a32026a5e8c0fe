import { SERVER } from "./options.ts";
import type { Command } from "./table.ts";

/** The rows of the command table that are about what is there already. */
export const SHARE_COMMANDS = {
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
    options: [...SERVER, "sort", "match", "retries", "state", "quiet"],
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
    options: [...SERVER, "retries", "state", "quiet"],
    examples: [
      { args: ["info", "my_great_idea.txt"], sentence: "Compare its digest with 'ft sum'." },
    ],
  },
  mine: {
    summary: "List what you put and shared",
    about: "What is still there, with how often and until when it can be fetched. " +
      "Private uploads are listed for whoever sent them alone.",
    operands: [],
    options: [...SERVER, "sort", "match", "retries", "state", "quiet"],
    examples: [{ args: ["mine"], sentence: "See what of yours is on the server." }],
  },
  unshare: {
    summary: "Take back what you shared",
    about: "It is gone from the server at once. With --root it is done on the server itself, to " +
      "what anybody shared.",
    operands: [{ name: "NAME", repeatable: true, help: "A name that 'ft mine' shows." }],
    options: [...SERVER, "root", "retries", "state", "quiet"],
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
    options: ["root", "state", "quiet"],
    examples: [
      { args: ["verify", "--root", "/srv/ft"], sentence: "Verify all that a server keeps." },
    ],
  },
} as const satisfies Record<string, Command>;
