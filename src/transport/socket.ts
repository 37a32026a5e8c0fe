import { FtError, toFailure } from "../error.ts";

/** A pipe of bytes with a peer, as the runtime gives it: {@linkcode Deno.Conn} is one. */
export interface Socket {
  /** Fills some of `into`; null once the peer has no more to say. */
  read(into: Uint8Array): Promise<number | null>;
  /** Takes some of `bytes`. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more comes; resolves when all before it has been passed on. */
  closeWrite(): Promise<void>;
  /** Ends both directions at once. */
  close(): void;
}

/** Writes all of `bytes`. */
export async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}

/** What a socket threw, as a failure of the connection. */
export function lost(thrown: unknown): FtError {
  if (thrown instanceof FtError) return thrown;
  // What the system calls it ("Broken pipe") helps nobody.
  const code = toFailure(thrown).code === "timeout" ? "timeout" : "lost";
  return new FtError(code, undefined, { cause: thrown });
}
