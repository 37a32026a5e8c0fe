import { FtError } from "../error.ts";
import { digestSource } from "../session/chunk_reader.ts";
import type { ClientSession, UploadRequest } from "../session/client_session.ts";
import type { Listener } from "../session/event.ts";
import type { Receipt } from "../storage/store.ts";

/** Asks what would become of a file, and says so under its title when it would travel. */
export async function planUpload(
  session: ClientSession,
  to: UploadRequest,
  { id, title }: { readonly id: number; readonly title: string },
  onEvent: Listener | undefined,
): Promise<Receipt> {
  const { source, name } = to;
  const planned = (): Receipt => {
    onEvent?.({ kind: "planned", id, name: title, size: source.size });
    return { name, size: source.size ?? 0, digest: "", outcome: "skipped" };
  };
  // What comes through a pipe is not read for it.
  if (source.size === undefined) return planned();
  let isPlanned = false;
  try {
    // With its digest said a small file is waited for, too.
    const digest = await digestSource(source, name);
    const onReady = () => {
      isPlanned = true;
      throw new FtError("interrupted", "It was only asked what would become of the file.");
    };
    return await session.upload({ ...to, digest, dry: true, onReady });
  } catch (thrown) {
    if (!isPlanned) throw thrown;
    return planned();
  }
}
