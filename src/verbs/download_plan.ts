import type { ClientSession } from "../session/client_session.ts";
import type { DownloadRequest } from "../session/download.ts";
import type { Listener } from "../session/event.ts";
import type { Receipt } from "../storage/store.ts";

/** Asks whether a file would come, and says so when it would. */
export async function planDownload(
  session: ClientSession,
  request: DownloadRequest,
  id: number,
  onEvent: Listener | undefined,
): Promise<Receipt> {
  const { target: name } = request;
  let planned: { size: number | undefined } | undefined;
  try {
    return await session.download({ ...request, onPlanned: (size) => planned = { size } });
  } catch (thrown) {
    if (planned === undefined) throw thrown;
    const { size } = planned;
    onEvent?.({ kind: "planned", id, name, size });
    return { name, size: size ?? 0, digest: "", outcome: "skipped" };
  }
}
