/**
 * The server's log for programs: one line of `--json` a transfer.
 *
 * @module
 */
import type { FtError } from "../error.ts";
import type { Server, TransferReport } from "../mod.ts";
import { fingerprint } from "../verbs/invite.ts";
import { failureMembers, type ItemLine } from "./json.ts";

/** That a server is ready, and how it is known; its invites are secrets, and not for a log. */
export function listeningLine({ address, pin, token, serving }: Server): ItemLine {
  return {
    what: "listening",
    address,
    key: pin === undefined ? null : fingerprint(pin),
    encrypted: serving.key !== "plain",
    locked: token !== undefined,
  };
}

/** A transfer that came to its end, with its failure if it has one. */
export function transferLine(report: TransferReport): ItemLine {
  const { action, peer, owner, who, room, name, bytes, milliseconds, receipt, tree, failure } =
    report;
  return {
    what: "transfer",
    time: new Date().toISOString(),
    action,
    peer,
    owner,
    who: who ?? null,
    room,
    name,
    bytes,
    seconds: Number((milliseconds / 1000).toFixed(3)),
    outcome: receipt?.outcome ?? null,
    digest: receipt?.digest ?? null,
    folder: tree === undefined ? null : { ...tree.files, failed: tree.failures.length },
    failure: failure === undefined ? null : failureMembers(failure),
  };
}

/** A conversation that failed, or trouble of the server's own; the server goes on. */
export function troubleItem(where: string, failure: FtError): ItemLine {
  return {
    what: "trouble",
    time: new Date().toISOString(),
    where,
    failure: failureMembers(failure),
  };
}
