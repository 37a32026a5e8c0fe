import { basename } from "node:path/posix";
import { Running } from "../../process.ts";
import { ISLAND, makeIsland } from "../island.ts";
import { remove } from "../load.ts";
import type { PeerKind } from "../peer.ts";

/** No bars, and no relay: what sends tells its address. */
const OPTIONS = ["--no-progress", "--relay", "disabled"];

/**
 * sendme from address to address, in a network of its own, since it publishes where it is. What
 * sends goes on serving what it has sent, so a get finds it ready, and a put starts with it.
 */
export const SENDME: PeerKind = {
  name: "sendme",
  programs: ["sendme", "timeout", ...ISLAND],
  promises: "encrypted, verified",
  async start({ own, stack }) {
    const within = await makeIsland(stack);
    /** Both sides keep what they move in the folder where they run. */
    const start = (...command: readonly string[]) =>
      new Running([...within, ...command], { cwd: own });
    let sender: Running | undefined;
    const end = async () => {
      sender?.kill();
      await sender?.finished;
    };
    stack.defer(end);
    const send = (from: string) => {
      sender = start("sendme", "send", ...OPTIONS, "--ticket-type", "addresses", from);
      return sender.waitFor(/^sendme receive (\S+)\n/m);
    };
    let ready: RegExpExecArray | undefined;
    return {
      takes: () => true,
      async prepare({ from, way }) {
        await end();
        remove(own);
        Deno.mkdirSync(own, { mode: 0o700 });
        ready = way === "get" ? await send(from) : undefined;
      },
      async copy({ from, to }) {
        const [, ticket = ""] = ready ?? await send(from);
        const receive = ["timeout", "600", "sendme", "receive", ...OPTIONS, ticket];
        const { code, stderr } = await start(...receive).finished;
        sender?.kill();
        if (code !== 0) {
          // It keeps what has come, and room in memory is short.
          remove(own);
          throw new Error(stderr.trim());
        }
        Deno.renameSync(`${own}/${basename(from)}`, to);
      },
    };
  },
};
