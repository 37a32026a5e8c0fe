import { put, share, type UploadOptions } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { runTransfer } from "../transfer.ts";

/** Of folders that are sent, those paths in them which alone are. */
export type Only = ReadonlyMap<string, readonly string[]>;

/** How files are sent, from the command line. */
function sentAs({ onConflict, exclude, links, checksum, dryRun }: Options, only: Only | undefined) {
  return { conflict: onConflict, exclude, links, checksum, dryRun, only } satisfies Partial<
    UploadOptions
  >;
}

/** `ft put FILE...` */
export function runPut(files: readonly string[], options: Options, only?: Only): Promise<number> {
  const how = sentAs(options, only);
  return runTransfer("put", files, options, (common) => put(files, { ...common, ...how }));
}

/** `ft share FILE...` */
export function runShare(files: readonly string[], options: Options, only?: Only): Promise<number> {
  const how = sentAs(options, only);
  return runTransfer("share", files, options, (common) => share(files, { ...common, ...how }));
}
