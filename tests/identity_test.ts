import assert from "node:assert/strict";
import { assertFails, fingerprintOf } from "./identity.ts";
import { done, ftCommand, test } from "./process.ts";

test("ft join verifies a server by the key that its invite names", async (_, server, ana) => {
  const pin = fingerprintOf(server).slice("SHA256:".length);
  const invite = `ft://${server.address}/${pin}#t0ken`;
  const { stdout, stderr } = await ana.piped(invite, "join", "-", "nas");
  assert.equal(stderr, "");
  assert.match(
    stdout,
    new RegExp(`^Saved ${server.address} as 'nas': SHA256:${pin}, verified\\.$`, "m"),
  );
  await done(ana, "list", "--server", "nas");
  const wrong = invite.replace(pin, `${"k".repeat(42)}A`);
  const says = new RegExp(
    `The invite says SHA256:k+A, but ${server.address} shows SHA256:${pin}\\.`,
  );
  assertFails(await ana.piped(wrong, "join", "-", "other"), 4, says);
  assertFails(await ana.ft("list", "--server", wrong), 4, says);
  assert.equal((await done(ana, "trust")).stdout, `nas  ${server.address}  SHA256:${pin}\n`);
});

test("a key that changed is refused with both fingerprints until it is forgotten", async (
  place,
  server,
  ana,
) => {
  await done(ana, "list");
  server.running.kill();
  await server.running.finished;
  const state = { FT_STATE: `${place.path}/another state` };
  const other = await place.serve({ root: "other", port: server.port, env: state });
  const [was, is] = [fingerprintOf(server), fingerprintOf(other)];
  assert.notEqual(was, is);
  const says = new RegExp(
    `has changed from ${was} to ${is}\\.\\n.*ft trust forget ${other.address}`,
  );
  ana.write("a.txt", "a");
  for (const args of [["list"], ["put", "a.txt"], ["list", "--trust-first"]]) {
    assertFails(await ana.ft(...args), 4, says);
  }
  assert.deepEqual([...Deno.readDirSync(other.path("uploads"))], []);
  await done(ana, "trust", "forget", other.address);
  await done(ana, "put", "a.txt");
  assert.equal((await done(ana, "trust")).stdout, `${other.address}  ${is}\n`);
});

test("encryption is off only when both sides say so, and each says it", async (place) => {
  const server = await place.serve({ root: "open", args: ["--plain"] });
  const off = /^Encryption is off \(--plain\): everybody on the way can read and change/;
  assert.match(server.running.stderr, off);
  assert.doesNotMatch(server.running.stdout, /fingerprint/);
  const ana = place.client("ana", server.address);
  assertFails(await ana.ft("list"), 4, /does not answer with TLS\.\n.*--plain/);
  ana.write("a.txt", "a");
  assert.match((await done(ana, "put", "a.txt", "--plain", "-q")).stderr, off);
  assert.equal((await done(ana, "trust")).stdout, "No server is known.\n");
});

test("a client that knows a server's key goes back to no encryption for nobody", async (
  place,
  server,
  ana,
) => {
  await done(ana, "list");
  server.running.kill();
  await server.running.finished;
  await place.serve({ root: "open", port: server.port, args: ["--plain"] });
  assertFails(await ana.ft("list"), 4, /does not answer with TLS/);
  assertFails(await ana.ft("list", "--plain"), 2, /known to encrypt\.\n.*ft trust forget/);
  await done(ana, "trust", "forget", server.address);
  await done(ana, "list", "--plain");
});

test("ft invite prints what joins the server of a root", async (_, server, ana) => {
  const { stdout } = await done(ana, "invite", "--root", server.root);
  const pin = fingerprintOf(server).slice("SHA256:".length);
  assert.equal(stdout, `ft join 'ft://${server.address}/${pin}'\n`);
});

test("no invite makes a client go without encryption to a server that is known to encrypt", async (
  _,
  server,
  ana,
) => {
  await done(ana, "list");
  const invite = `ft://${server.address}/plain#sEcReTsEcReTsEcReT`;
  for (const args of [["list", "--server", invite], ["list", "--server", "open"]]) {
    await ana.piped(invite, "join", "-", "open", "--plain");
    assertFails(await ana.ft(...args, "--plain"), 2, /known to encrypt\.\n.*ft trust forget/);
  }
  await done(ana, "list");
});

test("a client without encryption is told that the server encrypts", async (_, server, ana) => {
  const end = await ana.ft("list", "--plain");
  assertFails(end, 4, /^Error: The other side encrypts, and this side does not\.\n {2}Leave out/m);
  await server.running.waitFor(/protocol: The other side does not speak TLS\./);
});

test(
  "a key of this machine that nobody looked at is not told a token",
  async (place, server, ana) => {
    await done(ana, "list");
    const withToken = (...args: string[]) => {
      const env = { ...ana.env, FT_TOKEN: "sEcReTsEcReTsEcReT" };
      return place.start(ftCommand(...args), { cwd: ana.folder, env }).finished;
    };
    assertFails(await withToken("list"), 4, new RegExp(`its key is ${fingerprintOf(server)}`));
    // Without one it is as good as before; and whoever says so may go on with one.
    await done(ana, "list");
    assert.equal((await withToken("list", "--trust-first")).code, 0);
    assert.equal((await withToken("list")).code, 0);
  },
);
