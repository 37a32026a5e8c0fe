import { put, share } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { runTransfer } from "../transfer.ts";

/** `ft put FILE...` */
export function runPut(files: readonly string[], options: Options): Promise<number> {
  const conflict = options.onConflict;
  return runTransfer("put", files, options, (common) => put(files, { ...common, conflict }));
}

/** `ft share FILE...` */
export function runShare(files: readonly string[], options: Options): Promise<number> {
  const { onConflict: conflict, expires, downloads, note } = options;
  const terms = { expires, downloads, note };
  return runTransfer(
    "share",
    files,
    options,
    (common) => share(files, { ...common, ...terms, conflict }),
  );
}
