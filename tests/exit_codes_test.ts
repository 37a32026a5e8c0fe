/** Exit codes are those of the failure table, whatever fails and wherever it does. */
import assert from "node:assert/strict";
import { type FailureCode, FAILURES } from "../src/error.ts";
import { FakeServer, welcome } from "./hostile/fake_server.ts";
import { type Line, wholeLines } from "./json_lines.ts";
import { writeFile } from "./files.ts";
import { type Client, done, Place, test } from "./process.ts";

/** Codes that a command of this machine cannot be made to end with here, and why. */
const NOT_HERE: Partial<Record<FailureCode, string>> = {
  unexpected: "that would be a mistake in ft, to be mended",
  unreachable: "a network without a route is not at hand",
  lost: "errors_test.ts cuts connections",
  closing: "only a server says it",
  version: "errors_test.ts speaks a later version",
  limit: "only a server says it",
  busy: "only a server says it",
  superseded: "conversation_resume_test.ts lets one run take over from another",
  digest: "errors_test.ts bends bytes on the way",
  changed: "commands_test.ts changes a file that is being sent",
  disk_full: "errors_test.ts fills a disk",
  read_only: "errors_test.ts takes rights away, which root does not notice",
};

/** The failure that a command ended with, where its exit code and its lines agree. */
async function failure(client: Client, ...args: string[]): Promise<Line> {
  const { code, stdout, stderr } = await client.ft(...args, "--json");
  const lines = wholeLines(stdout, code);
  const [error] = lines.filter(({ kind }) => kind === "error");
  assert.ok(error !== undefined, `ft ${args.join(" ")}: ${stdout}${stderr}`);
  assert.equal(error["exit"], code, stdout);
  return error;
}

test("each failure that can be made here ends its command as the table says", async (
  place,
  server,
  ana,
) => {
  ana.write("a.txt", "a");
  ana.write("b/a.txt", "another");
  ana.write("downloads/p.txt", "mine");
  writeFile(server.path("shared_files/p.txt"), "p");
  await done(ana, "share", "a.txt");
  await done(ana, "list");
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const at = ({ addr }: Deno.TcpListener) => `127.0.0.1:${addr.port}`;
  await using nonsense = new FakeServer((peer) => peer.write(new Uint8Array(64).fill(0xff)));

  const seen = new Map<FailureCode, Line>();
  const fails = async (code: FailureCode, ...args: string[]) => {
    const error = await failure(ana, ...args);
    const { exit, retry } = FAILURES[code];
    assert.deepEqual(
      [error["code"], error["exit"], error["retry"]],
      [code, exit, retry],
      args.join(" "),
    );
    seen.set(code, error);
  };
  await fails("usage", "put");
  await fails("refused", "list", "--server", at(closed));
  await fails("timeout", "list", "--server", at(silent), "--timeout", "1s");
  await fails("protocol", "list", "--server", nonsense.address, "--plain", "--retries", "0");
  await fails("not_found", "put", "none.txt");
  await fails("not_found", "get", "none.txt");
  await fails("exists", "get", "p.txt", "--on-conflict", "fail");
  await fails("bad_name", "get", "../x");
  await fails("bad_name", "put", "a.txt", "--name", "../x");
  await fails("address_in_use", "serve", "--port", String(server.port), "--root", "r");
  await fails("stale", ...await staleNumber(ana, server.path("shared_uploads")));
  const ben = place.client("ben", server.address);
  ben.write("a.txt", "of ben");
  const denied = await failure(ben, "share", "a.txt", "--on-conflict", "overwrite");
  assert.equal(denied["code"], "denied");
  seen.set("denied", denied);
  // The key that was remembered for the address is another server's.
  await done(ana, "trust", "forget", server.address);
  const pin = "A".repeat(43);
  await fails("identity", "list", "--server", `ft://${server.address}/${pin}`);
  writeFile(ana.path("state/owners/x"), "");
  writeFile(ana.path(`state/keys/${encodeURIComponent(server.address)}`), "{");
  await fails("io", "trust", "--state", "state");

  using patient = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const waiting = ana.start("list", "--json", "--server", at(patient));
  using _dialled = await patient.accept();
  waiting.kill("SIGINT");
  const { code, stdout } = await waiting.finished;
  const interrupted = wholeLines(stdout, code).find(({ kind }) => kind === "error");
  assert.deepEqual([code, interrupted?.["code"]], [130, "interrupted"]);
  seen.set("interrupted", interrupted as Line);

  const all = [...seen.keys(), ...Object.keys(NOT_HERE)].sort();
  assert.deepEqual(all, Object.keys(FAILURES).sort());
});

/** A list was shown, and then its first file was replaced. */
async function staleNumber(ana: Client, room: string): Promise<string[]> {
  await done(ana, "list", "shared");
  writeFile(`${room}/a.txt`, "changed by hand");
  return ["fetch", "1", "--output", "stale/"];
}

for (const code of Object.keys(FAILURES) as FailureCode[]) {
  Deno.test(`a server that says '${code}' of a file ends ft get as the table says`, async () => {
    await using place = new Place();
    await using server = new FakeServer(async (peer) => {
      await welcome(peer);
      for (;;) {
        const asked = await peer.hear();
        if (asked === undefined) return;
        // What is no file is asked for as a folder.
        const isQuestion = asked.kind === "request" || asked.kind === "browse";
        if (!isQuestion) continue;
        const { id } = asked;
        await peer.say({ kind: "error", id, code, message: "as it happens" });
      }
    });
    const ana = place.client("ana", server.address);
    const error = await failure(ana, "get", "a", "--plain", "--retries", "0");
    const { exit, retry } = FAILURES[code];
    assert.deepEqual([error["code"], error["exit"], error["retry"]], [code, exit, retry]);
    assert.deepEqual([error["name"], error["message"]], ["a", "as it happens"]);
    assert.equal(error["side"], "there");
  });
}
