import { ROOM_FOLDERS, serve } from "../../verbs/serve.ts";
import type { Options } from "../arguments.ts";
import { stateFolder, tellPlain } from "../contact.ts";
import { invitationText } from "../invitation.ts";
import { reportLine, troubleLine } from "../server_log.ts";
import { err, hasColor, out, terminalSize, withSignals } from "../shell.ts";

/** Writes a line of the log; a server outlives whoever reads it. */
function log(line: string): void {
  try {
    out(`${line}\n`);
  } catch {
    // Nobody reads it.
  }
}

/** The QR code of an invite, as wide as the terminal at most. */
async function qrCode(invite: string): Promise<string | undefined> {
  const { qrText } = await import("../qr.ts");
  return qrText(invite, { columns: terminalSize().columns, color: hasColor(Deno.stdout) });
}

/** `ft serve` */
export function runServe(_operands: readonly string[], options: Options): Promise<number> {
  const { host, port, root, requireToken, open, keepPartials, plain, quiet } = options;
  return withSignals(async (signal) => {
    const server = await serve({
      hostname: host,
      port,
      root,
      security: plain ? { kind: "plain" } : { kind: "own", state: stateFolder(options) },
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
    const { serving, pin, token } = server;
    if (plain) tellPlain("what clients send and take");
    const qr = Deno.stdout.isTerminal() && !quiet ? qrCode : undefined;
    const invitation = await invitationText(serving, { pin, token, qr });
    if (invitation !== "") log(invitation.trimEnd());
    log("");
    log("Waiting for a client connection...");
    await new Promise((stopped) => signal.addEventListener("abort", stopped, { once: true }));
    log("Stopping: running transfers have a moment to finish.");
    await server.stop();
    return 0;
  });
}
