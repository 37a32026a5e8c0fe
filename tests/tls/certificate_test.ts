/** Servers with certificates other than the one that ft makes. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { syntheticName } from "../../src/transport/security.ts";
import { writeFile } from "../files.ts";
import { assertFails, fingerprintOf } from "../identity.ts";
import { done, ftCommand, Place } from "../process.ts";
import { Authority, selfIssued } from "./authority.ts";

const DAY = 24 * 60 * 60 * 1000;

Deno.test("a certificate that is not valid yet, or no more, is the clock's error", async () => {
  const days: [string, number, number][] = [["not valid yet", 2, 9], ["no more", -9, -2]];
  for (const [what, from, to] of days) {
    await using place = new Place();
    const day = (count: number) => new Date(Date.now() + count * DAY);
    const { certificate, key } = await selfIssued(syntheticName, day(from), day(to));
    writeFile(`${place.path}/state/server.pem`, certificate + key);
    const env = { FT_STATE: `${place.path}/state` };
    const server = await place.serve({ env });
    for (const roots of ["", "/etc/none.pem"]) {
      const ana = place.client(`ana${roots.length}`, server.address);
      const options = { cwd: ana.folder, env: { ...ana.env, NODE_EXTRA_CA_CERTS: roots } };
      const end = await place.start(ftCommand("list"), options).finished;
      assertFails(end, 4, /^Error: The certificate of \S+ is not valid on \d{4}-\d\d-\d\d, which/m);
      assert.match(end.stderr, /If the clock is wrong, set it/, what);
    }
  }
});

Deno.test("a server with a certificate from an authority is known by its name", async () => {
  await using place = new Place();
  const authority = await Authority.make("an authority");
  const { certificate, key } = await authority.issue("localhost");
  writeFile(`${place.path}/cert.pem`, certificate);
  writeFile(`${place.path}/key.pem`, key);
  writeFile(`${place.path}/authority.pem`, authority.certificate);
  const files = ["--cert", `${place.path}/cert.pem`, "--key", `${place.path}/key.pem`];
  const server = await place.serve({ args: ["--require-token", ...files] });
  const [, invite = ""] = /ft join '(ft:[^']+)'/.exec(server.running.stdout) ?? [];
  assert.match(invite, new RegExp(`^ft://localhost:${server.port}/system#`));
  const ana = place.client("ana", invite);
  const trusting = (env: Record<string, string>, ...args: string[]) =>
    place.start(ftCommand(...args), { cwd: ana.folder, env: { ...ana.env, ...env } }).finished;
  ana.write("a.txt", "a");
  const env = { DENO_CERT: `${place.path}/authority.pem` };
  const sent = await trusting(env, "put", "a.txt");
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal(Deno.readTextFileSync(server.path("uploads/a.txt")), "a");
  // Nobody here vouches for it.
  const says = /^Error: localhost:\d+ cannot prove that it is the server that is meant\./m;
  assertFails(await trusting({}, "list"), 4, says);
  // A bundle that was started by hand has not the permission to ask for the system's roots.
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const allow = ["read", "write", "net", "env", "sys=networkInterfaces,statfs"];
  const flags = allow.map((one) => `--allow-${one}`);
  const byHand = [Deno.execPath(), "run", "-q", "--no-prompt", ...flags, main, "list"];
  const options = { cwd: ana.folder, env: { ...ana.env, ...env } };
  const listed = await place.start(byHand, options).finished;
  assert.equal(listed.code, 0, listed.stderr);
  // The certificate is for another name.
  const other = invite.replace("localhost", "127.0.0.1");
  assertFails(await trusting(env, "list", "--server", other), 4, /cannot prove/);
});

Deno.test("a certificate from an authority can be pinned, too, with those that vouch for it", async () => {
  await using place = new Place();
  const authority = await Authority.make("an authority");
  const { certificate, key } = await authority.issue("files.example.org");
  writeFile(`${place.path}/cert.pem`, certificate);
  writeFile(`${place.path}/key.pem`, key);
  const files = ["--cert", `${place.path}/cert.pem`, "--key", `${place.path}/key.pem`];
  const server = await place.serve({ args: files });
  const pin = fingerprintOf(server).slice("SHA256:".length);
  const ana = place.client("ana", `ft://${server.address}/${pin}`);
  ana.write("a.txt", "a");
  await done(ana, "put", "a.txt");
  await done(ana, "list");
  assert.equal(Deno.readTextFileSync(server.path("uploads/a.txt")), "a");
});

Deno.test("a certificate that vouches for itself is known by its key", async () => {
  await using place = new Place();
  const issued = await selfIssued(() => "nas.home", new Date("2020-01-01"), new Date("2099-01-01"));
  writeFile(`${place.path}/cert.pem`, issued.certificate);
  writeFile(`${place.path}/key.pem`, issued.key);
  const files = ["--cert", `${place.path}/cert.pem`, "--key", `${place.path}/key.pem`];
  const server = await place.serve({ args: ["--require-token", ...files] });
  const [, invite = ""] = /ft join '(ft:[^']+)'/.exec(server.running.stdout) ?? [];
  assert.match(invite, new RegExp(`^ft://${server.address}/[\\w-]{43}#`));
  const ana = place.client("ana", invite);
  ana.write("a.txt", "a");
  await done(ana, "put", "a.txt");
  await done(ana, "list");
});

Deno.test("files that are no certificate and key are named, before anything is made", async () => {
  await using place = new Place();
  const mine = await selfIssued(() => "nas.home", new Date("2020-01-01"), new Date("2099-01-01"));
  const other = await selfIssued(() => "nas.home", new Date("2020-01-01"), new Date("2099-01-01"));
  writeFile(`${place.path}/cert.pem`, mine.certificate);
  writeFile(`${place.path}/key.pem`, mine.key);
  writeFile(`${place.path}/other.pem`, other.key);
  writeFile(`${place.path}/none.txt`, "no PEM");
  const wild = await (await Authority.make("an authority")).issue("*.example.org");
  writeFile(`${place.path}/wild.pem`, wild.certificate);
  writeFile(`${place.path}/wild.key`, wild.key);
  const cases: [string[], number, RegExp][] = [
    [["--cert", "cert.pem"], 2, /--cert and --key go together/],
    [["--cert", "cert.pem", "--key", "key.pem", "--plain"], 2, /without --plain/],
    [["--cert", "gone.pem", "--key", "key.pem"], 5, /'gone\.pem' not found/],
    [["--cert", "none.txt", "--key", "key.pem"], 2, /there is no certificate/],
    [["--cert", "cert.pem", "--key", "none.txt"], 2, /there is no private key/],
    [["--cert", "cert.pem", "--key", "other.pem"], 2, /is not that of the certificate/],
    [["--cert", ".", "--key", "key.pem"], 2, /is no PEM file/],
    [["--cert", "wild.pem", "--key", "wild.key"], 2, /is for no host that an invite could say/],
  ];
  for (const [args, code, says] of cases) {
    const serve = ["serve", "--port", "0", "--root", "new", ...args];
    assertFails(await place.start(ftCommand(...serve)).finished, code, says);
  }
  assert.ok(![...Deno.readDirSync(place.path)].some(({ name }) => name === "new"));
});
