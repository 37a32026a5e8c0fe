/**
 * Which server a command talks to, what lets it in there, and what the user has to know of that.
 *
 * @module
 */
import { FtError } from "../error.ts";
import type { ClientOptions } from "../mod.ts";
import { type Contact, findContact } from "../verbs/contact.ts";
import { defaultStateFolder } from "../verbs/conversation.ts";
import { isInvite } from "../verbs/invite.ts";
import { KnownServers } from "../verbs/known_servers.ts";
import type { AskTrust, Stranger } from "../verbs/reach.ts";
import type { Options } from "./arguments.ts";
import type { Prompts } from "./prompt.ts";
import { openPrompts } from "./prompts.ts";
import { env, err, isInteractive, out } from "./shell.ts";
import { escapeText } from "./text.ts";
import { checkToken, readTokenFile } from "./token.ts";

/** What is told once, however many transfers the menu makes. */
const told = new WeakSet<Options>();

/** Where the user's state is kept. */
export function stateFolder({ state }: Options): string {
  return state ?? defaultStateFolder(env);
}

/**
 * The server that the command line names; what its user has to know is told the first time.
 *
 * @throws FtError `usage` or `io` when it is not clear which server is meant.
 */
export function contactOf(options: Options): Contact {
  const { server, plain } = options;
  const contact = findContact(server, new KnownServers(stateFolder(options)), plain);
  if (told.has(options)) return contact;
  told.add(options);
  if (contact.key === "plain") tellPlain("what travels");
  if (isInvite(server) && !isFromEnvironment(server)) tellTyped(options);
  return contact;
}

/**
 * The options of a verb that come from the command line.
 *
 * @param prompts asks whether a new key is to be trusted; opened for that where there are none.
 * @throws FtError `usage` or `io` when it is not clear which server is meant.
 */
export function clientOptions(
  options: Options,
  signal: AbortSignal,
  prompts?: Prompts,
): Omit<ClientOptions, "onEvent"> {
  const { server, retries, plain, trustFirst, limit: rate, compress, yes } = options;
  const isFirst = !told.has(options);
  const { token } = contactOf(options);
  return {
    server,
    state: stateFolder(options),
    retries,
    rate,
    compress,
    signal,
    token: tokenFor(options, token, isFirst ? err : () => {}),
    plain,
    trustFirst,
    ask: isInteractive() && !yes ? askTrust(signal, prompts) : undefined,
  };
}

/**
 * The server in a command that does the same again: nothing where the environment names it, and
 * never an invite, which would show its token.
 */
export function serverWord(options: Options): string | undefined {
  const { server } = options;
  if (!isInvite(server)) return server;
  if (isFromEnvironment(server)) return undefined;
  const { address } = contactOf(options);
  // Under its name it has the token, too, without which the same cannot be done again.
  return new KnownServers(stateFolder(options)).nameOf(address) ?? address;
}

/** Says that there is no encryption, also to whoever wants to hear little. */
export function tellPlain(what: string): void {
  err(`Encryption is off (--plain): everybody on the way can read and change ${what}.\n`);
}

/** Says that an invite does not belong into an argument. */
export function tellTyped({ quiet }: Pick<Options, "quiet">): void {
  if (quiet) return;
  err("Note: 'ps' and the shell's history show an invite that is typed. 'ft join -' reads it.\n");
}

/** Nobody sees the environment of another user's program. */
function isFromEnvironment(server: string): boolean {
  return env("FT_SERVER") === server;
}

/** The token by its order: the file that is named, the server's own, then the environment's. */
function tokenFor(
  { tokenFile }: Options,
  own: string | undefined,
  warn: (text: string) => void,
): string | undefined {
  if (tokenFile !== undefined) {
    return readTokenFile(tokenFile, (sentence) => warn(`${escapeText(sentence)}\n`));
  }
  if (own !== undefined) return own;
  const stored = env("FT_TOKEN");
  return stored ? checkToken(stored, "FT_TOKEN") : undefined;
}

/** Shows a key that nothing is known of, and asks. */
function askTrust(signal: AbortSignal, prompts: Prompts | undefined): AskTrust {
  return async (stranger) => {
    const asked = prompts ?? await openPrompts();
    const stop = () => void asked.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await confirmKey(stranger, asked, out);
    } finally {
      signal.removeEventListener("abort", stop);
      if (prompts === undefined) await asked.close();
    }
  };
}

/**
 * The question whether a key is the server's.
 *
 * @throws FtError `interrupted` when the user leaves it.
 */
export async function confirmKey(
  { address, fingerprint }: Stranger,
  prompts: Pick<Prompts, "confirm">,
  write: (text: string) => void,
): Promise<boolean> {
  // Whole lines of their own: a question is cut where the terminal ends.
  write(
    `The server at ${escapeText(address)} is not known yet. The fingerprint of its key is\n` +
      `  ${fingerprint}\nCompare it with the line 'Key fingerprint' that 'ft serve' shows there.\n`,
  );
  const answer = await prompts.confirm("Are they equal?");
  if (answer === undefined) throw new FtError("interrupted", "The server was not trusted.");
  return answer;
}
