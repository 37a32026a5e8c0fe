/** Tokens of a server that runs as its users run it. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../src/protocol/chunk.ts";
import { formatDigest, sha256 } from "../src/protocol/digest.ts";
import { addToken, revokeToken } from "../src/mod.ts";
import type { MessageOf } from "../src/protocol/message.ts";
import { InviteToken } from "../src/storage/invite_token.ts";
import { exists, namesIn, writeFile } from "./files.ts";
import { type RawPeer, rawPeer } from "./hostile/raw_peer.ts";
import { done, type Finished, ftCommand, Place, type Server } from "./process.ts";
import { Random, seed } from "./random.ts";

const EMPTY = formatDigest(0, await sha256(new Uint8Array()));
const CLOSED = { args: ["--require-token"] };
const bytes = new Random(seed).bytes(FIRST_CHUNK_BYTES);

/** Greets a server, and says what it answers. */
async function greet(
  { address }: Server,
  fields: { token?: string; owner?: string; run?: string },
): Promise<{ peer: RawPeer; code: string | undefined; verbs: readonly string[] }> {
  const peer = await rawPeer(address);
  const answer = await peer.greet(fields);
  if (answer?.kind === "welcome") return { peer, code: undefined, verbs: answer.verbs };
  peer.abort();
  assert(answer?.kind === "error", JSON.stringify(answer));
  return { peer, code: `${answer.code}: ${answer.message}`, verbs: [] };
}

/** `ft token ...` about a server's root. */
function token(place: Place, server: Server, ...args: readonly string[]): Promise<Finished> {
  return place.start(ftCommand("token", ...args, "--root", server.root)).finished;
}

/** Adds a token and returns it. */
async function added(
  place: Place,
  server: Server,
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await token(place, server, "add", name, ...args);
  assert.equal(code, 0, stderr);
  const [first = "", ...commands] = stdout.trim().split("\n");
  assert.match(first, /^[\w-]{22}$/);
  assert.match(commands.join("\n"), new RegExp(`^ft join 'ft://\\S+/[\\w-]{43}#${first}'`));
  return first;
}

/** The invite of a server with another token in it. */
function invitation({ running }: Server, token: string): string {
  const [, invite = ""] = /ft join '(ft:[^#]+)#/.exec(running.stdout) ?? [];
  return `${invite}#${token}\n`;
}

Deno.test("ft serve --require-token lets in who has the invite's token, also after a restart", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  const path = server.path(".ft/token");
  const invite = new InviteToken(path).read();
  if (Deno.build.os !== "windows") assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert(invite !== undefined);
  assert.equal((await greet(server, {})).code, "denied: This server needs a token.");
  assert.equal((await greet(server, { token: "x" })).code, "denied: The token is not valid.");
  const { peer, verbs } = await greet(server, { token: invite });
  assert.deepEqual(verbs, ["put", "get", "share", "fetch"]);
  peer.abort();
  // A client of ft without a token is told what to do.
  const ana = await place.client("ana", server.address).ft("list");
  assert.equal(ana.code, 6);
  assert.match(ana.stderr, /This server needs a token\.\n.*ft join INVITE/);
  server.running.kill("SIGTERM");
  await server.running.finished;
  const again = await place.serve({ ...CLOSED, port: server.port });
  const second = await greet(again, { token: invite });
  assert.equal(second.code, undefined);
  second.peer.abort();
  // The invite is printed once, before the server is ready; nothing says it after that.
  const said = server.log.join("\n") + server.running.stderr;
  assert(!said.includes(invite), "the token is in the log");
});

Deno.test("ft serve is open on loopback, and makes no token there", async () => {
  await using place = new Place();
  const server = await place.serve();
  const { peer, code } = await greet(server, {});
  assert.equal(code, undefined);
  peer.abort();
  assert(!exists(server.path(".ft/token")));
});

Deno.test("ft serve --open --require-token is refused", async () => {
  await using place = new Place();
  const command = ftCommand("serve", "--open", "--require-token", "--root", "new");
  const { code, stderr } = await place.start(command).finished;
  assert.equal(code, 2);
  assert.match(stderr, /cannot require a token/);
  assert(!exists(`${place.path}/new`));
});

Deno.test("ft serve needs a token where others reach it, unless it is --open", async () => {
  await using place = new Place();
  for (const open of [false, true]) {
    const args = ["--host", "0.0.0.0", ...(open ? ["--open"] : [])];
    const server = await place.serve({ root: `open ${open}`, args });
    const address = `127.0.0.1:${server.port}`;
    const peer = await rawPeer(address);
    const answer = await peer.greet();
    assert.equal(answer?.kind, open ? "welcome" : "error");
    assert.equal(exists(server.path(".ft/token")), !open);
    peer.abort();
  }
});

Deno.test("ft token add, list and revoke while the server runs", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  const shelf = await added(place, server, "shelf", "--allow", "get");
  const box = await added(place, server, "box", "--allow", "put,put", "--expires", "7d");
  const list = await token(place, server, "list");
  assert.match(
    list.stdout,
    /^box {4}put {2}added [-\d]+ [:\d]+ {2}expires [-\d]+ [:\d]+\nshelf {2}get {2}added [-\d]+ [:\d]+ {2}never expires\n$/,
  );
  assert(!list.stdout.includes(shelf) && !list.stdout.includes(box));
  for (const [shown, verb] of [[shelf, "get"], [box, "put"]] as const) {
    const { peer, verbs } = await greet(server, { token: shown });
    assert.deepEqual(verbs, [verb]);
    peer.abort();
  }
  const taken = await token(place, server, "add", "box", "--allow", "get");
  assert.deepEqual([taken.code, taken.stdout], [6, ""]);
  assert.match(taken.stderr, /There is a token named 'box'/);

  const { peer } = await greet(server, { token: shelf });
  const revoked = await token(place, server, "revoke", "shelf");
  assert.deepEqual([revoked.code, revoked.stderr], [0, "Revoked 'shelf'.\n"]);
  const told = await peer.expect("error");
  assert.deepEqual([told.id, told.code, told.message], [0, "denied", "The token was revoked."]);
  peer.abort();
  assert.equal((await greet(server, { token: shelf })).code, "denied: The token is not valid.");
  assert.equal((await token(place, server, "revoke", "shelf")).code, 5);
});

Deno.test("a drop-box takes what it is for, in its own folder, and the log says whose it was", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  writeFile(server.path("shared_files/p.txt"), "p");
  const box = await added(place, server, "box", "--allow", "put,share");
  const { peer } = await greet(server, { token: box, owner: "o" });
  const send = async (id: number, room: "private" | "shared"): Promise<MessageOf<"done">> => {
    await peer.say({ kind: "entry", id, room, name: "a.txt", size: 0 });
    await peer.say({ kind: "commit", id, digest: EMPTY });
    return await peer.expect("done");
  };
  assert.equal((await send(1, "private")).name, "a.txt");
  assert.equal((await send(2, "shared")).name, "a.txt");
  await server.logged(/ {2}put {2}127\.0\.0\.1:\d+ \(box [0-9a-f]{8}\) {2}'uploads\/box\/a\.txt'/);
  await server.logged(/ {2}share {2}127\.0\.0\.1:\d+ \(box [0-9a-f]{8}\) /);
  assert.deepEqual(namesIn(server.path("uploads/box")), ["a.txt"]);
  for (const [id, room] of [[3, "public"], [4, "shared"]] as const) {
    await peer.say({ kind: "list", id, room });
    assert.equal((await peer.expect("error")).code, "denied");
  }
  await peer.say({ kind: "request", id: 5, room: "public", name: "p.txt" });
  assert.equal((await peer.expect("error")).code, "denied");
  peer.abort();
  const invite = new InviteToken(server.path(".ft/token")).read() ?? "";
  const owner = await greet(server, { token: invite });
  await owner.peer.say({ kind: "list", id: 1, room: "shared" });
  const { items } = await owner.peer.expect("items");
  assert.deepEqual(items.map(({ name, who }) => [name, who]), [["a.txt", "box"]]);
  owner.peer.abort();
});

Deno.test("an upload whose token is revoked ends within a second and goes on with another", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  const box = await added(place, server, "box", "--allow", "share");
  const begin = async (peer: RawPeer) => {
    const size = 64 * FIRST_CHUNK_BYTES;
    await peer.say({ kind: "entry", id: 1, room: "shared", name: "big", size, source: "v1" });
    return await peer.hear();
  };
  const { peer } = await greet(server, { token: box, owner: "o", run: "1" });
  assert.equal((await begin(peer))?.kind, "ready");
  const digest = await sha256(bytes);
  for (let chunk = 0; chunk < 8; chunk++) {
    await peer.say({ kind: "chunk", id: 1, chunk, bytes, digest });
  }
  // In this process, so that nothing but the server's own second is measured.
  revokeToken(server.root, "box");
  const began = performance.now();
  let chunk = 8;
  let heard = "";
  // Slowly, so that the server hears of it in the middle.
  const hearing = peer.ending().then((code) => heard = code);
  while (heard === "" && chunk < 60) {
    await peer.say({ kind: "chunk", id: 1, chunk: chunk++, bytes, digest });
    await Promise.race([hearing, new Promise((turn) => setTimeout(turn, 20))]);
  }
  assert.equal(await hearing, "denied");
  const took = performance.now() - began;
  assert(took < 1_000, `it took ${took} ms`);
  peer.abort();
  await server.logged(/ {2}share .*'shared_uploads\/big' .*failed: The token was revoked\./);
  assert.deepEqual(namesIn(server.path("shared_uploads")), []);
  const left = namesIn(server.path(".ft/staging"));
  assert.equal(left.filter((name) => name.endsWith(".journal")).length, 1);
  // The same name is the same person: what was verified is not sent again.
  const anew = await added(place, server, "box", "--allow", "share");
  const again = await greet(server, { token: anew, owner: "o", run: "2" });
  assert.equal((await begin(again.peer))?.kind, "held");
  again.peer.abort();
  const said = server.running.stdout + server.running.stderr;
  for (const secret of [box, anew]) assert(!said.includes(secret), "a token is in the log");
});

Deno.test("a token that expires ends what it let in", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  // Added from here: a process of its own might take longer to start than the token is valid.
  const shown = await addToken(server.root, "brief", ["get"], { expires: Date.now() + 1_500 });
  const { peer, code } = await greet(server, { token: shown });
  assert.equal(code, undefined);
  const told = await peer.expect("error");
  assert.deepEqual([told.id, told.code, told.message], [0, "denied", "The token has expired."]);
  peer.abort();
  assert.equal((await greet(server, { token: shown })).code, "denied: The token is not valid.");
  assert.match((await token(place, server, "list")).stdout, /get {2}added .* {2}expired /);
});

Deno.test("ft token works on a root whose server has stopped, and says what is wrong elsewhere", async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  await done(ana, "list");
  server.running.kill("SIGTERM");
  await server.running.finished;
  assert.equal((await token(place, server, "list")).stdout, "There are no named tokens.\n");
  const shown = await added(place, server, "ana", "--allow", "get", "--quiet");
  const again = await place.serve(CLOSED);
  const { peer, verbs } = await greet(again, { token: shown });
  assert.deepEqual(verbs, ["get"]);
  peer.abort();

  const fails = async (code: number, says: RegExp, ...args: string[]) => {
    const end = await place.start(ftCommand("token", ...args)).finished;
    assert.deepEqual([end.code, end.stdout], [code, ""], end.stderr);
    assert.match(end.stderr, says);
  };
  await fails(5, /'\.' is not the root of a server/, "list");
  await fails(5, /not the root/, "add", "ana", "--allow", "get", "--root", "none");
  await fails(2, /needs --allow/, "add", "ana");
  await fails(2, /needs a NAME/, "add", "--allow", "get");
  await fails(2, /needs a NAME/, "revoke");
  await fails(2, /Unexpected operand 'ana'/, "list", "ana");
  await fails(
    2,
    /--allow cannot be 'read'.*\n.*put, get, share, fetch/,
    "add",
    "a",
    "--allow=read",
  );
  await fails(2, /cannot be the name of a token/, "add", "A b", "--allow", "get");
  assert.deepEqual(namesIn(place.path).includes("none"), false);
});

Deno.test("ft list shows the rooms that a token may list, and no other", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  writeFile(server.path("shared_files/offered.txt"), "x");
  writeFile(server.path("shared_uploads/shared.txt"), "x");
  const cases = [["get", "offered"], ["fetch", "shared"], ["get,fetch", "offered|shared"]] as const;
  for (const [at, [verbs, shows]] of cases.entries()) {
    const mine = await added(place, server, `t${at}`, "--allow", verbs);
    const client = place.client(`client ${at}`, server.address);
    await client.piped(invitation(server, mine), "join", "-", "nas");
    const { stdout } = await done(client, "list", "--server", "nas");
    const names = [...stdout.matchAll(/(\w+)\.txt/g)].map(([, name]) => name).join("|");
    assert.equal(names, shows);
  }
  const mine = await added(place, server, "t9", "--allow", "put");
  const client = place.client("client 9", server.address);
  await client.piped(invitation(server, mine), "join", "-", "nas");
  assert.equal((await client.ft("list", "--server", "nas")).code, 6);
});

Deno.test("a sender is not told in what folder its files are kept, whatever goes wrong", async () => {
  await using place = new Place();
  const server = await place.serve({ args: ["--require-token", "--max-file", "1MB"] });
  const mine = await added(place, server, "zed", "--allow", "put");
  const client = place.client("client", server.address);
  await client.piped(invitation(server, mine), "join", "-", "nas");
  client.write("big.bin", new Uint8Array(1_000_001));
  const { code, stderr } = await client.ft("put", "big.bin", "--server", "nas");
  assert.equal(code, 6);
  assert.match(stderr, /'big\.bin' is larger than/);
  assert.doesNotMatch(stderr, /zed/);
});

Deno.test("ft token add refuses a folder in which others' files lie already", async () => {
  await using place = new Place();
  const server = await place.serve(CLOSED);
  writeFile(server.path("uploads/later/x"), "planted");
  const refused = await token(place, server, "add", "later", "--allow", "put");
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /files of others in the folder for 'later'\.\n {2}Move/);
  // What was sent under the name before is its own.
  const first = await added(place, server, "ana", "--allow", "put");
  const client = place.client("client", server.address);
  await client.piped(invitation(server, first), "join", "-", "nas");
  client.write("a.txt", "a");
  await done(client, "put", "a.txt", "--server", "nas");
  assert.equal((await token(place, server, "revoke", "ana")).code, 0);
  await added(place, server, "ana", "--allow", "put");
});
