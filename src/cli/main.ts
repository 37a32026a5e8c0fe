/**
 * From the arguments to an exit code. Commands are loaded when they are used, so that each starts
 * with no more than it needs.
 *
 * @module
 */
import { toFailure } from "../error.ts";
import { VERSION } from "../version.ts";
import { type Invocation, type Options, parseArguments } from "./arguments.ts";
import { failureText } from "./report.ts";
import { env, err, out, OutputClosed } from "./shell.ts";

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
};

/** Runs `ft` with the arguments after its name. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const invocation = parseArguments(args, env);
    switch (invocation.kind) {
      case "version":
        out(`ft ${VERSION}\n`);
        return 0;
      case "help":
        out((await import("./help.ts")).helpText(invocation.command));
        return 0;
      case "run": {
        const run = await COMMANDS[invocation.command]();
        return await run(invocation.operands, invocation.options);
      }
    }
  } catch (thrown) {
    if (thrown instanceof OutputClosed) return 0;
    const failure = toFailure(thrown);
    err(failureText(failure));
    return failure.exit;
  }
}
