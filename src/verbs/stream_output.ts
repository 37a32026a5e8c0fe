import { type Sink, StreamStore } from "../storage/stream_store.ts";
import { interrupted } from "./conversation.ts";

/** One file on its way into a stream. */
export interface StreamOutput {
  readonly store: StreamStore;
  readonly sink: Sink;
  /** Called when all is over, with what went wrong. */
  end(failure: unknown): void;
}

/** Hands a file on to `output`, for as long as `signal` lets it. */
export function streamOutput(
  output: WritableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): StreamOutput {
  const writer = output.getWriter();
  writer.closed.catch(() => {});
  // Who does not read on must not keep anybody from calling it off.
  const { promise: off, reject } = Promise.withResolvers<never>();
  off.catch(() => {});
  const stop = () => reject(interrupted(signal));
  signal?.addEventListener("abort", stop, { once: true });
  const sink: Sink = {
    write: (bytes) => Promise.race([writer.write(bytes), off]),
    close: () => Promise.race([writer.close(), off]),
  };
  return {
    store: new StreamStore(sink),
    sink,
    end: (failure) => {
      signal?.removeEventListener("abort", stop);
      // It ends when what was last written is taken, which may be never.
      if (failure !== undefined) writer.abort(failure).catch(() => {});
    },
  };
}
