import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import type { Verb } from "../session/access.ts";
import { InviteToken } from "../storage/invite_token.ts";
import { Records } from "../storage/records.ts";
import { hashToken, newToken } from "../storage/tokens.ts";
import { Doorkeeper } from "./doorkeeper.ts";

const PEER = "192.0.2.1:1";
const ALL: Verb[] = ["put", "get", "share", "fetch"];

/** A doorkeeper whose clock stands still and whose waits are only noted. */
class Door implements Disposable {
  readonly folder = temporaryFolder();
  readonly records: Records;
  readonly invite: InviteToken;
  readonly keeper: Doorkeeper;
  readonly waits: number[] = [];
  now = 1_000;
  #others: Records | undefined;

  constructor(isOpen = false) {
    this.records = this.#open();
    this.invite = new InviteToken(`${this.folder.path}/token`);
    this.keeper = new Doorkeeper({
      tokens: this.records.tokens,
      invite: this.invite,
      isOpen,
      now: () => this.now,
      wait: (milliseconds) => {
        this.waits.push(milliseconds);
        return Promise.resolve();
      },
    });
  }

  #open(): Records {
    return Records.open(`${this.folder.path}/records.db`, () => {
      throw new Error("damaged");
    });
  }

  /** The tokens as another process has them. */
  get others(): Records["tokens"] {
    return (this.#others ??= this.#open()).tokens;
  }

  async add(name: string, verbs: string, expires: number | null = null): Promise<string> {
    const token = newToken();
    const hash = (await hashToken(token)).toHex();
    ok(this.others.add({ name, hash, verbs, created: 1, expires }));
    return token;
  }

  admit(token: string | undefined, peer = PEER) {
    return this.keeper.admit(token, peer, new AbortController().signal);
  }

  [Symbol.dispose](): void {
    this.#others?.close();
    this.records.close();
    this.folder[Symbol.dispose]();
  }
}

const NOT_VALID = { code: "denied", message: "The token is not valid." };

Deno.test("Doorkeeper lets the invite's token do everything, and a named one what it allows", async () => {
  using door = new Door();
  const all = await door.admit(door.invite.make());
  deepEqual([all.name, [...all.verbs]], [undefined, ALL]);
  const ana = await door.admit(await door.add("ana", "put,share"));
  deepEqual([ana.name, [...ana.verbs]], ["ana", ["put", "share"]]);
  deepEqual(door.waits, []);
});

Deno.test("Doorkeeper refuses who shows none, without a wait, unless it is open", async () => {
  using door = new Door();
  const hint = "Ask its owner for an invite, then: ft join INVITE";
  const needs = { code: "denied", message: "This server needs a token.", hint };
  for (let time = 0; time < 3; time++) await rejects(door.admit(undefined), needs);
  deepEqual(door.waits, []);
  using open = new Door(true);
  deepEqual([...(await open.admit(undefined)).verbs], ALL);
});

Deno.test("Doorkeeper has one answer to every token that is not valid", async () => {
  using door = new Door();
  const right = door.invite.make();
  const revoked = await door.add("eve", "put");
  await door.admit(revoked);
  door.others.remove("eve");
  const expired = await door.add("bob", "put", door.now);
  const replaced = door.invite.make();
  door.invite.replace();
  const bad = ["", "x", newToken(), right.toUpperCase(), `${right} `, revoked, expired, replaced];
  bad.push((await hashToken(expired)).toHex(), "bob", "x".repeat(256));
  for (const token of bad) await rejects(door.admit(token), NOT_VALID);
  equal(door.waits.length, bad.length);
});

Deno.test("Doorkeeper of an open server minds no token that it does not know", async () => {
  using door = new Door(true);
  deepEqual([...(await door.admit(newToken())).verbs], ALL);
  const named = await door.add("eve", "put");
  deepEqual([...(await door.admit(named)).verbs], ["put"]);
  deepEqual(door.waits, []);
});

Deno.test("Doorkeeper slows failures of one address, and no valid token from it", async () => {
  using door = new Door();
  const token = door.invite.make();
  for (let time = 0; time < 7; time++) {
    await rejects(door.admit(newToken()), NOT_VALID);
    await door.admit(token);
  }
  deepEqual(door.waits, [250, 500, 1000, 2000, 4000, 8000, 8000]);
  await rejects(door.admit(newToken(), "192.0.2.2:1"), NOT_VALID);
  equal(door.waits.at(-1), 250);
});

Deno.test("Doorkeeper waits no longer than somebody waits for it", async () => {
  using door = new Door();
  const { tokens } = door.records;
  const keeper = new Doorkeeper({ tokens, invite: door.invite, isOpen: false });
  const left = new AbortController();
  const began = performance.now();
  const answers = Array.from({ length: 9 }, () => keeper.admit("wrong", PEER, left.signal));
  left.abort();
  await Promise.all(answers.map((answer) => rejects(answer, NOT_VALID)));
  ok(performance.now() - began < 8_000);
});

Deno.test("Doorkeeper heeds what another process adds and revokes, at once", async () => {
  using door = new Door();
  const token = await door.add("ana", "get");
  const { ended } = await door.admit(token);
  equal(ended?.aborted, false);
  ok(door.keeper.isName("ana") && door.keeper.isName("ANA") && !door.keeper.isName("bob"));
  const other = await door.add("bob", "get");
  const bob = await door.admit(other);
  door.others.remove("ana");
  await door.keeper.look();
  deepEqual([ended?.reason.code, ended?.reason.message], ["denied", "The token was revoked."]);
  equal(bob.ended?.aborted, false);
  await rejects(door.admit(token), NOT_VALID);
  ok(!door.keeper.isName("ana"));
});

Deno.test("Doorkeeper ends what was let in by a token that is now another, of the same name", async () => {
  using door = new Door();
  const token = await door.add("ana", "put,get");
  const { ended } = await door.admit(token);
  const [row] = door.others.all();
  ok(row !== undefined);
  door.others.remove("ana");
  ok(door.others.add({ ...row, verbs: "get" }));
  deepEqual([...(await door.admit(token)).verbs], ["get"]);
  equal(ended?.reason.message, "The token was revoked.");
});

Deno.test("Doorkeeper ends what was let in by a token that expires", async () => {
  using door = new Door();
  const token = await door.add("ana", "get", door.now + 100);
  const { ended } = await door.admit(token);
  door.now += 99;
  await door.keeper.look();
  equal(ended?.aborted, false);
  door.now += 1;
  await door.keeper.look();
  equal(ended?.reason.message, "The token has expired.");
  await rejects(door.admit(token), NOT_VALID);
});

Deno.test("Doorkeeper ends what the invite's token let in when that is replaced, removed or damaged", async () => {
  for (const harm of ["replaced", "removed", "damaged"]) {
    using door = new Door();
    const token = door.invite.make();
    const { ended } = await door.admit(token);
    const path = `${door.folder.path}/token`;
    if (harm === "replaced") door.invite.replace();
    else if (harm === "removed") Deno.removeSync(path);
    else Deno.writeTextFileSync(path, "short");
    equal((await door.keeper.look())?.code, harm === "damaged" ? "io" : undefined);
    equal(ended?.reason.message, "The token was revoked.", harm);
    await rejects(door.admit(token), NOT_VALID);
  }
});

Deno.test("Doorkeeper.watch() sees a change by itself, and tells of trouble once", async () => {
  using door = new Door();
  const troubles: string[] = [];
  const keeper = new Doorkeeper({
    tokens: door.records.tokens,
    invite: door.invite,
    isOpen: false,
    onTrouble: (failure) => troubles.push(failure.code),
  });
  const token = await door.add("ana", "get");
  const { ended } = await keeper.admit(token, PEER, new AbortController().signal);
  Deno.writeTextFileSync(`${door.folder.path}/token`, "short");
  keeper.watch();
  for (let time = 0; time < 2; time++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (time === 0) ended?.addEventListener("abort", () => resolve(), { once: true });
    else {
      const next = await door.add("bob", "get");
      const bob = await keeper.admit(next, PEER, new AbortController().signal);
      bob.ended?.addEventListener("abort", () => resolve(), { once: true });
      door.others.remove("bob");
    }
    door.others.remove("ana");
    await promise;
  }
  await keeper.close();
  deepEqual(troubles, ["io"]);
});
