/** Authorities that the environment adds vouch for nobody who is known by a key. */
import assert from "node:assert/strict";
import { parseEndpoint } from "../../src/transport/endpoint.ts";
import { probe } from "../../src/transport/probe.ts";
import { syntheticName } from "../../src/transport/security.ts";
import { writeFile } from "../files.ts";
import { assertFails } from "../identity.ts";
import { type Client, done, type Finished, ftCommand, Place, type Server } from "../process.ts";
import { Authority } from "./authority.ts";
import { Impostor } from "./impostor.ts";

/** Each way in which an environment makes the runtime trust an authority more. */
const WAYS: Record<string, (path: string) => Record<string, string>> = {
  DENO_CERT: (path) => ({ DENO_CERT: path }),
  NODE_EXTRA_CA_CERTS: (path) => ({ NODE_EXTRA_CA_CERTS: path }),
  "DENO_TLS_CA_STORE with another authority": (path) => ({
    DENO_TLS_CA_STORE: "system,mozilla",
    DENO_CERT: path,
  }),
};

/** Dials as the runtime does by itself: trusting the pinned certificate and all authorities. */
const NAIVE = `
const [port, hostname, pem] = Deno.args;
const tcp = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
const conn = await Deno.startTls(tcp, { hostname, caCerts: [Deno.readTextFileSync(pem)] });
try {
  await conn.handshake();
  console.log("accepted");
} catch {
  console.log("refused");
}
conn.close();
`;

async function withEnv(
  place: Place,
  client: Client,
  env: Record<string, string>,
  ...args: string[]
): Promise<Finished> {
  const options = { cwd: client.folder, env: { ...client.env, ...env } };
  return await place.start(ftCommand(...args), options).finished;
}

/** What a server shows, and the name that clients dial it by. */
async function shownBy(
  server: Server,
): Promise<{ pin: string; certificate: string; name: string }> {
  const shown = await probe(parseEndpoint(server.address));
  return { ...shown, name: syntheticName(shown.pin) };
}

for (const [way, envOf] of Object.entries(WAYS)) {
  for (const kind of ["a private authority", "an authority like the public ones"]) {
    Deno.test(`${kind} in ${way} cannot stand in for a known server`, async () => {
      await using place = new Place();
      const server = await place.serve();
      const { port } = server;
      const ana = place.client("ana", server.address);
      ana.write("secret.txt", "secret");
      await done(ana, "list");
      const { certificate, name } = await shownBy(server);
      const authority = await Authority.make(kind);
      // One like the public ones issues for many names; among them, against all rules, this one.
      const names = kind === "a private authority" ? [name] : ["www.example.org", name];
      const issued = await authority.issue(...names);
      const path = `${place.path}/authority.pem`;
      const env = envOf(path);
      writeFile(path, authority.certificate);
      // The honest server is still the one that is known, the slower way.
      assert.equal((await withEnv(place, ana, env, "put", "secret.txt")).code, 0);
      server.running.kill();
      await server.running.finished;

      await using impostor = new Impostor(port, issued);
      // The danger is real: the runtime by itself takes the impostor for the server.
      writeFile(`${place.path}/pinned.pem`, certificate);
      writeFile(`${place.path}/naive.js`, NAIVE);
      const naive = [Deno.execPath(), "run", "-q", "--allow-net", "--allow-read"];
      const operands = [String(port), name, `${place.path}/pinned.pem`];
      const command = [...naive, `${place.path}/naive.js`, ...operands];
      assert.equal((await place.start(command, { env }).finished).stdout, "accepted\n");
      assert.equal((await place.start(command).finished).stdout, "refused\n");

      const heard = impostor.heard;
      for (const args of [["list"], ["put", "secret.txt"], ["list", "--trust-first"]]) {
        for (const more of [env, {}]) {
          const refused = await withEnv(place, ana, more, ...args);
          assertFails(refused, 4, /^Error: The key of \S+ has changed from SHA256:/m);
        }
      }
      assert.equal(impostor.heard, heard, "bytes travelled to an impostor");
    });
  }
}

Deno.test("an invite's pin is not fulfilled by an authority that the environment adds", async () => {
  await using place = new Place();
  const server = await place.serve({ args: ["--require-token"] });
  const { port } = server;
  const [, invite = ""] = /ft join '(ft:[^']+)'/.exec(server.running.stdout) ?? [];
  const { name } = await shownBy(server);
  server.running.kill();
  await server.running.finished;
  const authority = await Authority.make("private");
  await using impostor = new Impostor(port, await authority.issue(name));
  const path = `${place.path}/authority.pem`;
  writeFile(path, authority.certificate);
  const bob = place.client("bob", server.address);
  for (const env of [{ DENO_CERT: path }, { NODE_EXTRA_CA_CERTS: path }, {}]) {
    const refused = await withEnv(place, bob, env, "list", "--server", invite);
    assertFails(refused, 4, /^Error: The invite says SHA256:.* shows SHA256:/m);
  }
  assert.equal(impostor.heard, 0, "bytes travelled to an impostor");
});
