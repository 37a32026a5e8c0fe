import { ROOM_FOLDERS, serve } from "../../verbs/serve.ts";
import type { Options } from "../arguments.ts";
import { reportLine, troubleLine } from "../server_log.ts";
import { err, out, withSignals } from "../shell.ts";

/** Writes a line of the log; a server outlives whoever reads it. */
function log(line: string): void {
  try {
    out(`${line}\n`);
  } catch {
    // Nobody reads it.
  }
}

/** `ft serve` */
export function runServe(_operands: readonly string[], options: Options): Promise<number> {
  const { host, port, root, keepPartials, requireToken, open, quiet } = options;
  return withSignals(async (signal) => {
    const server = await serve({
      hostname: host,
      port,
      root,
      requireToken,
      open,
      keepPartials,
      onReport: (report) => {
        const line = quiet ? undefined : reportLine(report);
        if (line !== undefined) log(line);
      },
      onTrouble: (where, failure) => err(`${troubleLine(where, failure)}\n`),
    });
    for (const name of server.created) log(`Created directory: '${name}'`);
    log(`[*] Listening as ${server.address}`);
    log(`Private uploads to: ${ROOM_FOLDERS.private}`);
    log(`Public files for download from server: ${ROOM_FOLDERS.public}`);
    log(`Files uploaded for sharing: ${ROOM_FOLDERS.shared}`);
    log("");
    log("Waiting for a client connection...");
    await new Promise((stopped) => signal.addEventListener("abort", stopped, { once: true }));
    log("Stopping: running transfers have a moment to finish.");
    await server.stop();
    return 0;
  });
}
