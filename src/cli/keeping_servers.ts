import type { Command } from "./command.ts";

/** The rows of the commands by which servers are known and kept, and who is let in. */
export const KEEPING_SERVERS = {
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
} as const satisfies Record<string, Command>;
