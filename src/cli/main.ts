/**
 * From the arguments to an exit code. Commands are loaded when they are used, so that each starts
 * with no more than it needs.
 *
 * @module
 */
import { collectEntropy } from "../entropy.ts";
import { toFailure } from "../error.ts";
import { VERSION } from "../version.ts";
import { commandIn, type Invocation, type Options, parseArguments } from "./arguments.ts";
import { readConfig } from "./config.ts";
import { wantsJson } from "./settings.ts";
import { env, limitTime, OutputClosed } from "./shell.ts";
import { optionsOf } from "./table.ts";
import { closeLines, openLines, requireWritten, showText, tellFailure } from "./voice.ts";

/** A command: runs with its operands and options, and resolves with its exit code. */
export type Run = (operands: readonly string[], options: Options) => number | Promise<number>;

type RunnableName = Extract<Invocation, { kind: "run" }>["command"];

const COMMANDS: Record<RunnableName, () => Promise<Run>> = {
  serve: async () => (await import("./commands/serve.ts")).runServe,
  client: async () => (await import("./commands/client.ts")).runClient,
  put: async () => (await import("./commands/put.ts")).runPut,
  share: async () => (await import("./commands/put.ts")).runShare,
  get: async () => (await import("./commands/get.ts")).runGet,
  retry: async () => (await import("./commands/retry.ts")).runRetry,
  fetch: async () => (await import("./commands/fetch.ts")).runFetch,
  list: async () => (await import("./commands/list.ts")).runList,
  info: async () => (await import("./commands/info.ts")).runInfo,
  mine: async () => (await import("./commands/mine.ts")).runMine,
  unshare: async () => (await import("./commands/unshare.ts")).runUnshare,
  verify: async () => (await import("./commands/verify.ts")).runVerify,
  join: async () => (await import("./commands/join.ts")).runJoin,
  trust: async () => (await import("./commands/trust.ts")).runTrust,
  invite: async () => (await import("./commands/invite.ts")).runInvite,
  sum: async () => (await import("./commands/sum.ts")).runSum,
  partials: async () => (await import("./commands/partials.ts")).runPartials,
  token: async () => (await import("./commands/token.ts")).runToken,
  config: async () => (await import("./commands/config.ts")).runConfig,
  completion: async () => (await import("./commands/completion.ts")).runCompletion,
  manual: async () => (await import("./commands/manual.ts")).runManual,
};

/** What the shells' completions run. It is for no user, so no table has it. */
const COMPLETE = "complete";

/** Runs `ft` with the arguments after its name. */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === COMPLETE) {
    return await (await import("./commands/complete.ts")).runComplete(args.slice(1));
  }
  try {
    const exit = await runArguments(args);
    closeLines(exit);
    requireWritten();
    return exit;
  } catch (thrown) {
    if (thrown instanceof OutputClosed) return 0;
    const failure = toFailure(thrown);
    // What is shown while it comes in ends the conversation with it.
    if (failure.cause instanceof OutputClosed) return 0;
    tellFailure(failure);
    closeLines(failure.exit);
    return failure.exit;
  }
}

async function runArguments(args: readonly string[]): Promise<number> {
  const invocation = understand(args);
  switch (invocation.kind) {
    case "version":
      showText(`ft ${VERSION}\n`);
      return 0;
    case "help":
      showText((await import("./help.ts")).helpText(invocation.command));
      return 0;
    case "run": {
      const { command, operands, options } = invocation;
      // What takes --plain encrypts without it, and needs entropy: that comes while it is loaded.
      if (optionsOf(command).includes("plain") && !options.plain) collectEntropy();
      const run = await COMMANDS[command]();
      if (options.timeout !== undefined) limitTime(options.timeout);
      return await run(operands, options);
    }
  }
}

/** What is asked for; from here on failures are told in the way that is asked for, too. */
function understand(args: readonly string[]): Invocation {
  let invocation: Invocation;
  try {
    invocation = parseArguments(args, env, () => readConfig(env));
  } catch (thrown) {
    if (wantsJson(args, env)) {
      openLines(commandIn(args), args.includes("--quiet") || args.includes("-q"));
    }
    throw thrown;
  }
  if (invocation.kind === "run") {
    const { json, quiet } = invocation.options;
    if (json) openLines(invocation.command, quiet);
  } else if (wantsJson(args, env)) openLines(invocation.kind, false);
  return invocation;
}
