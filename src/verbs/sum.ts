import { digestSource } from "../session/chunk_reader.ts";
import { openLocal } from "../storage/local_source.ts";

/**
 * The digest string of a local file, the same that receipts carry: `ft1:SIZE:HEX`.
 *
 * @throws FtError `not_found`, `changed` or a storage failure.
 */
export async function sum(path: string, signal?: AbortSignal): Promise<string> {
  const source = openLocal(path);
  try {
    return await digestSource(source, path, signal === undefined ? {} : { signal });
  } finally {
    source.close();
  }
}
