/** Clients without a token, with a wrong one, or with one that does not allow what they ask for. */
import assert from "node:assert/strict";
import { FIRST_CHUNK_BYTES } from "../../src/protocol/chunk.ts";
import { formatDigest, sha256 } from "../../src/protocol/digest.ts";
import type { Message, MessageOf } from "../../src/protocol/message.ts";
import { InviteToken } from "../../src/storage/invite_token.ts";
import { hashToken, newToken } from "../../src/storage/tokens.ts";
import { addToken, revokeToken } from "../../src/verbs/tokens.ts";
import { Random } from "../random.ts";
import { type Greeting, hostile, type Target } from "./target.ts";
import type { RawPeer } from "./raw_peer.ts";

const CLOSED = { requireToken: true };
const EMPTY = formatDigest(0, await sha256(new Uint8Array()));
const VERBS = ["put", "get", "share", "fetch"] as const;
type Verb = typeof VERBS[number];

/** Everything that is said until the conversation is over. */
async function allHeard(peer: RawPeer): Promise<Message[]> {
  const heard: Message[] = [];
  for (let message = await peer.hear(); message !== undefined; message = await peer.hear()) {
    heard.push(message);
  }
  return heard;
}

/** Says HELLO and a lot more behind it; all that it hears is one refusal. */
async function isRefused(peer: RawPeer, greeting: Greeting): Promise<MessageOf<"error">> {
  await peer.preamble();
  await peer.say({ kind: "hello", id: 0, agent: "x", features: [], require: [], ...greeting });
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "evil", size: 0 });
  await peer.say({ kind: "commit", id: 1, digest: EMPTY });
  await peer.say({ kind: "list", id: 2, room: "public" });
  await peer.say({ kind: "request", id: 3, room: "public", name: "small.txt" });
  const heard = await allHeard(peer);
  assert.deepEqual(heard.map(({ kind, id }) => [kind, id]), [["error", 0]]);
  const [error] = heard as [MessageOf<"error">];
  return error;
}

hostile("no token where one is needed", "raw", async (peer) => {
  const { code, message, hint } = await isRefused(peer, {});
  assert.deepEqual([code, message], ["denied", "This server needs a token."]);
  assert.equal(hint, "Ask its owner for an invite, then: ft join INVITE");
  return ["denied"];
}, CLOSED);

const WRONG: [string, (token: string, target: Target) => string | Promise<string>][] = [
  ["an empty token", () => ""],
  ["a guessed token", () => newToken()],
  ["the longest token there can be", () => "x".repeat(256)],
  ["the token in another case", (token) =>
    token.replace(/[a-z]/gi, (letter) => {
      const upper = letter.toUpperCase();
      return upper === letter ? letter.toLowerCase() : upper;
    })],
  ["a beginning of the token", (token) => token.slice(0, -1)],
  ["the token and more", (token) => `${token}x`],
  ["the token and a line end, as its file has it", (token) => `${token}\n`],
  ["the token and a NUL", (token) => `${token}\0`],
  ["the hash of the token", async (token) => (await hashToken(token)).toHex()],
  ["the name of a token", async (_, { root }) => {
    await addToken(root, "ana", ["get"]);
    return "ana";
  }],
  ["the hash of a named token, as the records have it", async (_, { root }) => {
    const token = await addToken(root, "ana", ["get"]);
    return (await hashToken(token)).toHex();
  }],
  ["a token for the database to read", () => "' or 1=1; drop table token; --"],
  ["a token with a lone surrogate", () => "\ud800".repeat(20)],
  ["a token that was replaced", (token, { root }) => {
    new InviteToken(`${root}/.ft/token`).replace();
    return token;
  }],
  ["a token that was revoked", async (_, { root }) => {
    const token = await addToken(root, "ana", ["put", "get", "share", "fetch"]);
    revokeToken(root, "ana");
    return token;
  }],
  ["a token that has expired", async (_, { root }) => {
    const token = newToken();
    await addToken(root, "ana", ["get"], { token, expires: Date.now() + 60_000 });
    revokeToken(root, "ana");
    await addExpired(root, token);
    return token;
  }],
];

/** Puts a token into the records whose time is over, which no verb does. */
async function addExpired(root: string, token: string): Promise<void> {
  const { Records } = await import("../../src/storage/records.ts");
  const records = Records.open(`${root}/.ft/records.db`, () => {});
  const hash = (await hashToken(token)).toHex();
  records.tokens.add({ name: "ana", hash, verbs: "get", created: 1, expires: Date.now() - 1 });
  records.close();
}

for (const [name, token] of WRONG) {
  hostile(name, "raw", async (peer, target) => {
    const right = target.server.token ?? "";
    const shown = await token(right, target);
    const { code, message, hint } = await isRefused(peer, { token: shown });
    // The very same words for each of them.
    assert.deepEqual([code, message, hint], [
      "denied",
      "The token is not valid.",
      "Ask the server's owner for a new invite, then: ft join INVITE",
    ]);
    // The honest client has the one there was.
    Deno.writeTextFileSync(`${target.root}/.ft/token`, right);
    return ["denied"];
  }, CLOSED);
}

hostile("a token over its limit", "raw", async (peer) => {
  assert.equal((await isRefused(peer, { token: "x".repeat(257) })).code, "protocol");
  return ["protocol"];
}, CLOSED);

hostile("messages before a token was shown", "raw", async (peer) => {
  await peer.preamble();
  await peer.say({ kind: "list", id: 1, room: "public" });
  assert.equal(await peer.ending(), "protocol");
  return ["protocol"];
}, CLOSED);

hostile("a second HELLO with another's token", "greeted", async (peer, { root }) => {
  const token = await addToken(root, "ana", ["get"]);
  await peer.say({ kind: "hello", id: 0, agent: "x", features: [], require: [], token });
  assert.equal(await peer.ending(), "protocol");
  return ["protocol"];
}, CLOSED);

hostile("many guesses at once, and one right token among them", "raw", async (peer, target) => {
  const guesses = await Promise.all(Array.from({ length: 2 }, () => target.raw()));
  const refused = [peer, ...guesses].map((one) => isRefused(one, { token: newToken() }));
  // It is let in while the guesses wait for their answers.
  await target.assertServing();
  for (const { code } of await Promise.all(refused)) assert.equal(code, "denied");
  for (const one of guesses) one.abort();
}, CLOSED);

hostile("a refused client that goes on talking", "raw", async (peer) => {
  await peer.preamble();
  const token = newToken();
  await peer.say({ kind: "hello", id: 0, agent: "x", features: [], require: [], token });
  for (let id = 1; id <= 200; id++) await peer.say({ kind: "list", id, room: "public" });
  const heard = await allHeard(peer);
  assert.deepEqual(heard.map(({ kind }) => kind), ["error"]);
}, CLOSED);

/** One thing to ask for, the verb it needs, and whether it is about something that is there. */
interface Question {
  readonly verb: Verb;
  readonly says: string;
  ask(peer: RawPeer, id: number): Promise<void>;
}

const entry =
  (room: "private" | "shared", name: string, size: number) => async (peer: RawPeer, id: number) => {
    await peer.say({ kind: "entry", id, room, name, size });
    // What is refused is refused before a byte of it has come.
    if (size === 0) await peer.say({ kind: "commit", id, digest: "no digest" });
  };
const request =
  (room: "public" | "shared", name: string, tag?: string) => (peer: RawPeer, id: number) =>
    peer.say({ kind: "request", id, room, name, ...(tag === undefined ? {} : { tag }) });
const LARGE = 2 * FIRST_CHUNK_BYTES;

const QUESTIONS: readonly Question[] = [
  { verb: "put", says: "ENTRY private", ask: entry("private", "new.txt", 0) },
  { verb: "put", says: "ENTRY private of what is there", ask: entry("private", "private.txt", 0) },
  { verb: "put", says: "ENTRY private, large", ask: entry("private", "new.txt", LARGE) },
  { verb: "put", says: "ENTRY private of a bad name", ask: entry("private", "../x", 0) },
  { verb: "share", says: "ENTRY shared", ask: entry("shared", "new.txt", 0) },
  { verb: "share", says: "ENTRY shared of what is there", ask: entry("shared", "theirs.txt", 0) },
  { verb: "share", says: "ENTRY shared, large", ask: entry("shared", "new.txt", LARGE) },
  { verb: "get", says: "REQUEST public", ask: request("public", "small.txt") },
  { verb: "get", says: "REQUEST public of nothing", ask: request("public", "nothing") },
  { verb: "get", says: "REQUEST public of a bad name", ask: request("public", "../x") },
  { verb: "fetch", says: "REQUEST shared", ask: request("shared", "theirs.txt") },
  { verb: "fetch", says: "REQUEST shared of nothing", ask: request("shared", "nothing") },
  { verb: "fetch", says: "REQUEST shared by a tag", ask: request("shared", "theirs.txt", "x") },
  {
    verb: "get",
    says: "LIST public",
    ask: (peer, id) => peer.say({ kind: "list", id, room: "public" }),
  },
  {
    verb: "fetch",
    says: "LIST shared",
    ask: (peer, id) => peer.say({ kind: "list", id, room: "shared" }),
  },
];

for (const verb of VERBS) {
  hostile(`everything that a token for ${verb} does not allow`, "raw", async (peer, target) => {
    const token = await addToken(target.root, "ana", [verb]);
    const welcome = await peer.greet({ token });
    assert(welcome?.kind === "welcome");
    assert.deepEqual(welcome.verbs, [verb]);
    const words = new Map<Verb, Set<string>>();
    let id = 0;
    for (const question of QUESTIONS.filter((question) => question.verb !== verb)) {
      await question.ask(peer, ++id);
      const error = await peer.expect("error");
      assert.deepEqual([error.id, error.code], [id, "denied"], question.says);
      const told = words.get(question.verb) ?? new Set();
      words.set(question.verb, told.add(`${error.message} ${error.hint}`));
    }
    // The same words whether or not there is what was asked for.
    assert.equal(words.size, 3);
    for (const [of, told] of words) assert.equal(told.size, 1, of);
    // And what it does allow is still done.
    const allowed = { put: "error", share: "error", get: "entry", fetch: "entry" } as const;
    const own = QUESTIONS.find((question) => question.verb === verb);
    await own?.ask(peer, ++id);
    const answer = await peer.expect(allowed[verb]);
    // A COMMIT with what is no digest, which only a client that may send comes to.
    if (answer.kind === "error") assert.equal(answer.code, "protocol");
  }, CLOSED);
}

hostile("questions of a client that may share and not fetch", "raw", async (peer, target) => {
  const token = await addToken(target.root, "ana", ["share"]);
  assert.equal((await peer.greet({ token, owner: "x" }))?.kind, "welcome");
  const shared = `${target.root}/shared_uploads`;
  Deno.mkdirSync(`${shared}/docs`);
  let id = 0;
  for (const conflict of ["rename", "overwrite", "skip", "fail"] as const) {
    // There of somebody else, there as a folder, below a file, and not there.
    for (const name of ["theirs.txt", "docs", "theirs.txt/below", `no ${conflict}`]) {
      await peer.say({ kind: "entry", id: ++id, room: "shared", name, size: 0, conflict });
      await peer.say({ kind: "commit", id, digest: EMPTY });
      const told = await peer.hear();
      assert.deepEqual(told, { kind: "done", id, name, digest: EMPTY, outcome: "new" });
      for (const { name } of Deno.readDirSync(shared)) {
        if (name !== "theirs.txt" && name !== "docs") {
          Deno.removeSync(`${shared}/${name}`, { recursive: true });
        }
      }
    }
  }
  assert.equal(Deno.readTextFileSync(`${shared}/theirs.txt`), "theirs");
  assert.deepEqual([...Deno.readDirSync(`${shared}/docs`)], []);
  Deno.removeSync(`${shared}/docs`);
}, CLOSED);

/** Sends the first two chunks of a file that is never complete. */
async function begin(peer: RawPeer, name: string): Promise<void> {
  const bytes = new Random(5).bytes(FIRST_CHUNK_BYTES);
  const size = 3 * FIRST_CHUNK_BYTES;
  await peer.say({ kind: "entry", id: 1, room: "shared", name, size, source: "v1" });
  await peer.expect("ready");
  for (const chunk of [0, 1]) {
    await peer.say({ kind: "chunk", id: 1, chunk, bytes, digest: await sha256(bytes) });
  }
  await peer.end();
  await peer.ending();
  peer.abort();
}

hostile("another's resume key, shown with another token", "greeted", async (_, target) => {
  const [ana, ben] = [
    await addToken(target.root, "ana", VERBS),
    await addToken(target.root, "ben", VERBS),
  ];
  const owner = "the secret of ana";
  await begin(await target.greeted({ token: ana, owner, run: "run" }), "file");
  const holds = async (greeting: Greeting) => {
    const peer = await target.greeted(greeting);
    const size = 3 * FIRST_CHUNK_BYTES;
    await peer.say({ kind: "entry", id: 1, room: "shared", name: "file", size, source: "v1" });
    const message = await peer.hear();
    peer.abort();
    return message?.kind === "held";
  };
  assert.equal(await holds({ token: ben, owner, run: "run" }), false);
  // The invite's token has no name, and cannot be given one by what is said as the secret.
  for (const secret of [owner, `ana\n${owner}`, ` of ana\n${owner}`, `of ana\n${owner}`]) {
    assert.equal(await holds({ owner: secret, run: "run" }), false, secret);
  }
  assert.equal(await holds({ token: ana, owner, run: "another" }), true);
}, CLOSED);

hostile(
  "overwriting what another token shared, with that one's secret",
  "greeted",
  async (_, target) => {
    const owner = "one secret";
    const send = async (token: string, conflict: "rename" | "overwrite", size: number) => {
      const peer = await target.greeted({ token, owner });
      const name = "shared.txt";
      await peer.say({ kind: "entry", id: 1, room: "shared", name, size, conflict });
      await peer.say({ kind: "commit", id: 1, digest: EMPTY });
      const answer = await peer.hear();
      peer.abort();
      return answer;
    };
    const ana = await addToken(target.root, "ana", VERBS);
    const ben = await addToken(target.root, "ben", VERBS);
    assert.equal((await send(ana, "rename", 0))?.kind, "done");
    const answer = await send(ben, "overwrite", 0);
    assert(answer?.kind === "error");
    assert.equal(answer.code, "denied");
    Deno.removeSync(`${target.root}/shared_uploads/shared.txt`);
  },
  CLOSED,
);

hostile(
  "names that lead out of the folder of a token, or into it",
  "greeted",
  async (_, target) => {
    const uploads = `${target.root}/uploads`;
    const ana = await target.greeted({ token: await addToken(target.root, "ana", ["put"]) });
    let id = 0;
    const put = async (peer: RawPeer, name: string) => {
      await peer.say({ kind: "entry", id: ++id, room: "private", name, size: 0 });
      await peer.say({ kind: "commit", id, digest: EMPTY });
      return await peer.hear();
    };
    for (const name of ["../x", "a/../../x", "..", ".", "", "/x", ".ft/x", "a\\..\\x"]) {
      const answer = await put(ana, name);
      assert(answer?.kind === "error", name);
      assert.equal(answer.code, "bad_name");
    }
    // Too long only with the folder, which is no business of the client's.
    const answer = await put(ana, `${"x/".repeat(127)}x`);
    assert(answer?.kind === "error");
    assert.equal(answer.code, "bad_name");
    for (const name of ["private.txt", "ana/x", "ben/x"]) {
      assert.deepEqual(await put(ana, name), {
        kind: "done",
        id,
        name,
        digest: EMPTY,
        outcome: "new",
      });
    }
    const inside = () => [...Deno.readDirSync(`${uploads}/ana`)].map(({ name }) => name).sort();
    assert.deepEqual(inside(), ["ana", "ben", "private.txt"]);
    const stranger = await target.greeted();
    for (const name of ["ana/forged", "ana", "ANA/forged", "ana/private.txt"]) {
      assert.deepEqual(
        await put(stranger, name),
        { kind: "done", id, name, digest: EMPTY, outcome: "new" },
      );
    }
    assert.deepEqual(inside(), ["ana", "ben", "private.txt"]);
    for (const peer of [ana, stranger]) peer.abort();
    for (const { name } of Deno.readDirSync(uploads)) {
      if (name !== "private.txt") Deno.removeSync(`${uploads}/${name}`, { recursive: true });
    }
  },
  CLOSED,
);

for (const how of ["a named token", "the invite's token"]) {
  hostile(`a connection that lives on after ${how} was revoked`, "raw", async (peer, target) => {
    const named = how === "a named token";
    const { root } = target;
    const right = target.server.token ?? "";
    const token = named ? await addToken(root, "eve", VERBS) : right;
    assert.equal((await peer.greet({ token }))?.kind, "welcome");
    await peer.say({ kind: "list", id: 1, room: "shared" });
    await peer.expect("items");
    if (named) revokeToken(root, "eve");
    else new InviteToken(`${root}/.ft/token`).replace();
    const began = performance.now();
    // It says nothing and hears it all the same.
    const told = await peer.expect("error");
    assert.deepEqual([told.id, told.code, told.message], [0, "denied", "The token was revoked."]);
    assert.equal(await peer.hear(), undefined);
    assert(performance.now() - began < 1_000);
    const again = await target.raw();
    assert.equal((await isRefused(again, { token })).message, "The token is not valid.");
    again.abort();
    Deno.writeTextFileSync(`${root}/.ft/token`, right);
  }, CLOSED);
}

hostile("a revoked upload that does not stop sending", "raw", async (peer, target) => {
  const token = await addToken(target.root, "eve", ["share"]);
  assert.equal((await peer.greet({ token }))?.kind, "welcome");
  const size = 1000 * FIRST_CHUNK_BYTES;
  await peer.say({ kind: "entry", id: 1, room: "shared", name: "evil", size, source: "v1" });
  await peer.expect("ready");
  const bytes = new Random(5).bytes(FIRST_CHUNK_BYTES);
  const digest = await sha256(bytes);
  await peer.say({ kind: "chunk", id: 1, chunk: 0, bytes, digest });
  await peer.expect("ack");
  revokeToken(target.root, "eve");
  const began = performance.now();
  let ended = false;
  const talking = (async () => {
    for (let chunk = 1; !ended && chunk < 1000; chunk++) {
      await peer.say({ kind: "chunk", id: 1, chunk, bytes, digest });
    }
  })();
  assert.equal(await peer.ending(), "denied");
  while (await peer.hear() !== undefined);
  ended = true;
  await talking;
  const took = performance.now() - began;
  assert(took < 1_500, `it took ${took} ms`);
  // What was verified by then stays, as after any interruption.
  const left = [...Deno.readDirSync(`${target.root}/.ft/staging`)].map(({ name }) => name);
  assert.equal(left.filter((name) => name.endsWith(".journal")).length, 1);
}, CLOSED);

hostile("a wrong token where none is needed", "raw", async (peer) => {
  const welcome = await peer.greet({ token: newToken() });
  // It gets what everybody gets there, and nothing is slowed.
  assert(welcome?.kind === "welcome");
  assert.deepEqual(welcome.verbs, ["put", "get", "share", "fetch"]);
  return [];
});

hostile("more than a named token allows, where none is needed", "raw", async (peer, target) => {
  const token = await addToken(target.root, "ana", ["get"]);
  const welcome = await peer.greet({ token });
  assert(welcome?.kind === "welcome");
  assert.deepEqual(welcome.verbs, ["get"]);
  await peer.say({ kind: "list", id: 1, room: "shared" });
  assert.equal((await peer.expect("error")).code, "denied");
});
