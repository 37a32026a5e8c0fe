import { put, share, type UploadOptions } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { runTransfer } from "../transfer.ts";

/** Of folders that are sent, those paths in them which alone are. */
export type Only = UploadOptions["only"];

/** `ft put FILE...` */
export function runPut(files: readonly string[], options: Options, only?: Only): Promise<number> {
  return runTransfer(
    "put",
    files,
    options,
    (common) => put(files, { ...common, ...sendOptions(options), only }),
  );
}

/** `ft share FILE...` */
export function runShare(files: readonly string[], options: Options, only?: Only): Promise<number> {
  const { expires, downloads, note } = options;
  const terms = { expires, downloads, note };
  return runTransfer(
    "share",
    files,
    options,
    (common) => share(files, { ...common, ...terms, ...sendOptions(options), only }),
  );
}

function sendOptions(
  { onConflict: conflict, exclude, links, checksum, dryRun }: Options,
): Pick<UploadOptions, "conflict" | "exclude" | "links" | "checksum" | "dryRun"> {
  return { conflict, exclude, links, checksum, dryRun };
}
