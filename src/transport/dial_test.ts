import assert from "node:assert/strict";
import { FtError } from "../error.ts";
import { dial } from "./dial.ts";

const PLAIN = { kind: "plain" } as const;

/** A port of this machine where nobody listens. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("dial() says that it was refused, in the words of the seed, with what to do", async () => {
  const port = freePort();
  await assert.rejects(dial({ hostname: "127.0.0.1", port }, PLAIN), {
    name: "FtError",
    code: "refused",
    exit: 3,
    message: "Connection refused.",
    hint: `No server listens at 127.0.0.1:${port}. Start one there with 'ft serve', or name ` +
      "another with --server HOST:PORT.",
  });
});

Deno.test("dial() says that a host is not known", async () => {
  await assert.rejects(dial({ hostname: "host.invalid", port: 1 }, PLAIN), {
    name: "FtError",
    code: "unreachable",
  });
});

Deno.test("dial() throws what its signal was aborted with", async () => {
  const reason = new FtError("interrupted");
  await assert.rejects(
    dial({ hostname: "127.0.0.1", port: freePort() }, PLAIN, AbortSignal.abort(reason)),
    (thrown) => thrown === reason,
  );
});

Deno.test("dial() keeps nothing of its time limit once it has connected", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [connection, conn] = await Promise.all([
    dial({ hostname: "127.0.0.1", port: listener.addr.port }, PLAIN, new AbortController().signal),
    listener.accept(),
  ]);
  connection.abort();
  conn.close();
  listener.close();
});
