import { KnownServers } from "../../verbs/known_servers.ts";
import type { ListRequest } from "../../mod.ts";
import { knownNames } from "../../verbs/known_names.ts";
import { type Options, parseArguments } from "../arguments.ts";
import { bashReplies, readBashLine } from "../bash_line.ts";
import { complete, type Completion, type CompletionWorld } from "../completion.ts";
import type { RemoteNames } from "../command.ts";
import { readConfig } from "../config.ts";
import { clientOptions, stateFolder } from "../contact.ts";
import { env, outLine, speakJson } from "../shell.ts";

/** Milliseconds that a server has to say its names: somebody waits at the keyboard. */
const NAMES_MS = 2_000;
/** Names that are offered at most; nobody reads more. */
const MOST_WORDS = 2_000;

/**
 * `ft complete SHELL -- WORD...` and `ft complete bash LINE TAIL`: for the scripts of
 * `ft completion`. First a line that says what follows: `words`, `files` or `folders`. It says
 * nothing of failures, asks nothing, and talks to no server that is not known.
 */
export async function runComplete(args: readonly string[]): Promise<number> {
  speakJson(true);
  try {
    const [shell, ...rest] = args;
    if (shell === "bash") {
      const [text = "", tail = ""] = rest;
      const line = readBashLine(text);
      if (line === undefined) return 0;
      const found = await complete(line.words.slice(1), WORLD);
      tell(
        found.kind === "words"
          ? { kind: "words", words: bashReplies(line, tail, found.words) }
          : found,
      );
    } else {
      const words = rest.slice(1);
      // PowerShell's script puts a sign before it: an argument that is empty might get lost.
      if (shell === "powershell") words.push(words.pop()?.slice(1) ?? "");
      tell(await complete(words, WORLD));
    }
  } catch {
    // Nothing fits, then.
  }
  return 0;
}

function tell(found: Completion): void {
  const words = found.kind === "words" ? found.words.slice(0, MOST_WORDS) : [];
  outLine([found.kind, ...words].map((line) => `${line}\n`).join(""));
}

/** The lists that names are of. */
const LISTS: { readonly [W in RemoteNames]: readonly ListRequest[] } = {
  public: [{ room: "public" }],
  shared: [{ room: "shared" }],
  listed: [{ room: "shared" }, { room: "public" }],
  mine: [{ room: "shared", mine: true }],
};

/** The options of the command line so far, as a command would have them. */
function optionsAfter(before: readonly string[]): Options | undefined {
  const ended = before.includes("--");
  const invocation = parseArguments(
    [...before, ...(ended ? [] : ["--"]), "operand"],
    env,
    () => readConfig(env),
  );
  return invocation.kind === "run" ? invocation.options : undefined;
}

const WORLD: CompletionWorld = {
  servers() {
    const options = optionsAfter(["trust", "list"]);
    if (options === undefined) return [];
    const known = new KnownServers(stateFolder(options)).list();
    return known.map(({ name, address }) => name ?? address);
  },
  async names(which, before) {
    const options = optionsAfter(before);
    if (options === undefined) return [];
    const signal = AbortSignal.timeout(NAMES_MS);
    const { server, state, token, plain } = clientOptions(options, signal);
    return await knownNames(LISTS[which], { server, state, token, plain, signal });
  },
};
