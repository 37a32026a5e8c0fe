import type { Copy, Peer } from "../peer.ts";
import { freePort, listening, run } from "../service.ts";

/** Two programs with one connection between them, each as a line for the shell. */
export interface Pipe {
  takes(copy: Copy): boolean;
  receive(copy: Copy, port: number): string;
  send(copy: Copy, port: number): string;
}

/**
 * A peer whose receiver listens for one copy alone. It is the same in both directions, since neither
 * side serves.
 */
export function pipePeer({ takes, receive, send }: Pipe): Peer {
  let waiting: Promise<void> = Promise.resolve();
  let port = 0;
  return {
    takes,
    async prepare(copy) {
      port = freePort();
      waiting = run("sh", "-ec", receive(copy, port));
      // Heard by the copy, which comes later.
      waiting.catch(() => {});
      await listening(port);
    },
    async copy(copy) {
      await Promise.all([run("sh", "-ec", send(copy, port)), waiting]);
    },
  };
}
