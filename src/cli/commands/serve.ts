import { FtError } from "../../error.ts";
import type { ServerSecurity } from "../../mod.ts";
import { ROOM_FOLDERS, serve } from "../../verbs/serve.ts";
import type { Options } from "../arguments.ts";
import { stateFolder, tellPlain } from "../contact.ts";
import { invitationText } from "../invitation.ts";
import { LineBudget } from "../line_budget.ts";
import { rootOf } from "../root.ts";
import { limitsOf } from "../serve_options.ts";
import type { ItemLine } from "../json.ts";
import { moreLine, reportLine, troubleLine } from "../server_log.ts";
import { listeningLine, transferLine, troubleItem } from "../server_lines.ts";
import { err, hasColor, terminalSize, withSignals } from "../shell.ts";
import { show } from "../voice.ts";

/** Lines a minute about connections that failed; anybody can cause them. */
const PEER_LINES = 20;
/** Lines a minute about transfers that failed. Of the others the owner wants to know each. */
const FAILURE_LINES = 200;

/** Writes to the log, in words or as a line; a server outlives whoever reads it. */
function logged(words: () => string, items: () => readonly ItemLine[]): void {
  try {
    show(words, items);
  } catch {
    // Nobody reads it.
  }
}

function log(line: string): void {
  logged(() => `${line}\n`, () => []);
}

/** The QR code of an invite, as wide as the terminal at most. */
async function qrCode(invite: string): Promise<string | undefined> {
  const { qrText } = await import("../qr.ts");
  return qrText(invite, { columns: terminalSize().columns, color: hasColor(Deno.stdout) });
}

/** Where the server has its key from. */
function securityOf(options: Options): ServerSecurity {
  const { plain, cert, key } = options;
  if ((cert === undefined) !== (key === undefined) || plain && cert !== undefined) {
    throw new FtError("usage", "--cert and --key go together, and without --plain.", {
      hint: "See: ft serve --help",
    });
  }
  if (plain) return { kind: "plain" };
  return cert === undefined || key === undefined
    ? { kind: "own", state: stateFolder(options) }
    : { kind: "files", certificate: cert, key };
}

/** `ft serve` */
export function runServe(_operands: readonly string[], options: Options): Promise<number> {
  const { host, port, requireToken, open, keepPartials, plain, quiet, json } = options;
  const peers = new LineBudget(PEER_LINES, (count) => err(`${moreLine(count, "peers")}\n`));
  const failures = new LineBudget(FAILURE_LINES, (count) => log(moreLine(count, "transfers")));
  return withSignals(async (signal) => {
    const server = await serve({
      hostname: host,
      port,
      root: rootOf(options),
      security: securityOf(options),
      requireToken,
      open,
      keepPartials,
      limits: limitsOf(options),
      onReport: (report) => {
        const line = quiet && !json ? undefined : reportLine(report);
        if (line === undefined) return;
        if (report.failure !== undefined && !failures.spend()) return;
        logged(() => `${line}\n`, () => [transferLine(report)]);
      },
      onTrouble: (where, failure, by) => {
        if (by !== "server" && !peers.spend()) return;
        err(`${troubleLine(where, failure)}\n`);
        logged(() => "", () => [troubleItem(where, failure)]);
      },
    });
    for (const name of server.created) log(`Created directory: '${name}'`);
    log(`[*] Listening as ${server.address}`);
    log(`Private uploads to: ${ROOM_FOLDERS.private}`);
    log(`Public files for download from server: ${ROOM_FOLDERS.public}`);
    log(`Files uploaded for sharing: ${ROOM_FOLDERS.shared}`);
    const { serving, pin, token } = server;
    logged(() => "", () => [listeningLine(server)]);
    if (plain) tellPlain("what clients send and take");
    const qr = Deno.stdout.isTerminal() && !quiet && !json ? qrCode : undefined;
    const invitation = await invitationText(serving, { pin, token, qr });
    // No line shows a token where nobody asked for it: 'ft invite --json' does.
    if (invitation !== "") log(invitation.trimEnd());
    log("");
    log("Waiting for a client connection...");
    await new Promise((stopped) => signal.addEventListener("abort", stopped, { once: true }));
    log("Stopping: running transfers have a moment to finish.");
    await server.stop();
    peers.close();
    failures.close();
    return 0;
  });
}
