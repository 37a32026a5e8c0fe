import type { Command } from "./command.ts";

/** The rows of the commands that tell of ft itself and talk to nobody. */
export const ABOUT_FT = {
  config: {
    summary: "Show what ft is set to, and from where",
    about:
      "Options come from the command line, else from the environment, else from the config file, " +
      "else by default. The file has lines 'option = value', comments after #, and sections " +
      "[command] for one command alone. What consents or destroys cannot stand there.",
    operands: [
      {
        name: "ACTION",
        choices: ["path", "show"],
        help: "Where the file is, or what each option is and why.",
      },
      { name: "COMMAND", optional: true, names: "command", help: "The command to show them for." },
    ],
    options: ["quiet"],
    examples: [
      { args: ["config", "path"], sentence: "Show where the config file is, or would be." },
      { args: ["config", "show", "get"], sentence: "Show what 'ft get' is set to." },
    ],
  },
  completion: {
    summary: "Print the completion of a shell",
    about: "For commands, options, local files, saved servers, and the names on a server that is " +
      "known already.",
    operands: [{
      name: "SHELL",
      choices: ["bash", "zsh", "fish", "powershell"],
      help: "The shell to print it for.",
    }],
    options: ["quiet"],
    examples: [{ args: ["completion", "bash"], sentence: "Print what ~/.bashrc can source." }],
  },
  manual: {
    summary: "Print the manual page",
    about: "In the format of man. It says what --help says of every command.",
    operands: [],
    options: ["quiet"],
    examples: [{ args: ["manual"], sentence: "Print it, for 'man -l -' to show." }],
  },
  help: {
    summary: "Show help for ft or for one command",
    about: "The same as --help after the command.",
    operands: [{
      name: "COMMAND",
      optional: true,
      names: "command",
      help: "The command to explain.",
    }],
    options: ["quiet"],
    examples: [{ args: ["help", "fetch"], sentence: "Explain one command." }],
  },
} as const satisfies Record<string, Command>;
