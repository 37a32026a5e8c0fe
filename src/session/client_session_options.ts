import type { Conflict, Room, Terms } from "../storage/store.ts";
import type { JoinOptions } from "./client_sides.ts";
import type { Compress } from "./compression.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Lane } from "./pace.ts";
import type { OutgoingOptions } from "./send.ts";

/** Who speaks to the server. */
export interface ClientSessionOptions {
  /** Program and version, for the server's log. */
  readonly agent: string;
  /** Secret of the owner of what is uploaded, base64url. */
  readonly owner: string;
  /** Names this run of the program: it may take over from its own broken connection. */
  readonly run: string;
  /** What the server lets in with. */
  readonly token?: string | undefined;
  readonly deadlines?: Deadlines;
  /** How fast files may move, both ways; it is given up when the conversation ends. */
  readonly lane?: Lane | undefined;
  /** When what travels is compressed, both ways; `auto` when it is not said. */
  readonly compress?: Compress | undefined;
  /** How further connections are made where they pay; without it there is one. */
  readonly join?: JoinOptions | undefined;
}

/** A file to upload. */
export interface UploadRequest
  extends Pick<OutgoingOptions, "source" | "onReady" | "onVerified" | "onChanged"> {
  readonly room: Room;
  readonly name: string;
  readonly conflict: Conflict;
  /** Digest string, where it is told before the bytes. */
  readonly digest?: string;
  /** Whether the server shall only say what would become of it: at READY all is said. */
  readonly dry?: boolean;
  /** The tree that it belongs to, and which of its entries it is. */
  readonly of?: { readonly tree: number; readonly index: number };
  /** How long what is shared lives, and what is said of it. */
  readonly terms?: Terms | undefined;
}
