import { type FtError, toFailure } from "../error.ts";
import { listedName } from "../name.ts";
import { storageFailure } from "../storage/failure.ts";
import { SharedRoom } from "../storage/shared_room.ts";
import type { About } from "../storage/store.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";
import { ROOM_FOLDERS } from "./root.ts";
import { openRecords } from "./root_records.ts";

/** What became of one name. */
export type Unshared =
  | { readonly name: string; readonly about: About }
  | { readonly name: string; readonly error: FtError };

/** Failures that are of the connection, not of one name. */
const LOST: ReadonlySet<string> = new Set(["lost", "timeout", "closing"]);

/**
 * Takes back what this client shared: it is gone from the server.
 *
 * @param names as the receipts said them.
 * @returns for each what it was, or why it could not be taken back.
 * @throws FtError when the server cannot be reached.
 */
export async function unshare(
  names: readonly string[],
  options: ClientOptions,
): Promise<Unshared[]> {
  const results: Unshared[] = [];
  await new Conversation(options).once((session) =>
    eachName(names, results, (name) => session.unshare(listedName(name)))
  );
  return results;
}

/**
 * Takes back what anybody shared on the server at a root, whether or not it runs.
 *
 * @throws FtError `not_found` where no server's root is.
 */
export async function unshareAt(
  root: string,
  names: readonly string[],
): Promise<Unshared[]> {
  const records = openRecords(root);
  try {
    const folder = sharedFolder(root);
    const shared = new SharedRoom(() => folder, records);
    const results: Unshared[] = [];
    await eachName(names, results, (name) => shared.unshare(listedName(name), undefined));
    return results;
  } finally {
    records.close();
  }
}

function sharedFolder(root: string): string {
  try {
    return Deno.realPathSync(`${root}/${ROOM_FOLDERS.shared}`);
  } catch (thrown) {
    throw storageFailure(thrown, `use '${ROOM_FOLDERS.shared}'`);
  }
}

/**
 * Does it for every name that has no result yet; what ends the conversation is thrown, what is about
 * one name is a result.
 */
async function eachName(
  names: readonly string[],
  results: Unshared[],
  work: (name: string) => About | Promise<About>,
): Promise<void> {
  for (const name of names.slice(results.length)) {
    try {
      results.push({ name, about: await work(name) });
    } catch (thrown) {
      const error = toFailure(thrown);
      if (error.code === "unexpected" || LOST.has(error.code)) throw thrown;
      results.push({ name, error });
    }
  }
}
