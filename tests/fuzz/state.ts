/** Fuzz targets: files that another process, a crash or a bad disk may have damaged. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InviteToken } from "../../src/storage/invite_token.ts";
import {
  decodeJournal,
  encodeHead,
  encodeRecords,
  type JournalHead,
} from "../../src/storage/journal.ts";
import { listLeftovers, sweepLeftovers } from "../../src/storage/leftovers.ts";
import { Records } from "../../src/storage/records.ts";
import { StateFolder } from "../../src/storage/state_folder.ts";
import { acceptToken } from "../../src/storage/tokens.ts";
import { certificatesIn } from "../../src/transport/certificate.ts";
import { formatInvite, isServerKey } from "../../src/verbs/invite.ts";
import { KnownServers } from "../../src/verbs/known_servers.ts";
import { readServing } from "../../src/verbs/serving.ts";
import { temporaryFolder } from "../fixtures/staged.ts";
import { type Bytes, bytes, near, nearJson, nearText } from "./mutate.ts";
import { PEM } from "./pem.ts";
import { outcome, type Target, target } from "./target.ts";

const HEAD: JournalHead = {
  format: 1,
  room: "shared",
  name: "report.pdf",
  owner: "ann",
  size: 3 * 1024 * 1024 + 5,
  version: "v1",
  mixed: false,
};
const RECORDS = encodeRecords([0, 1, 2, 1].map((index) => ({
  index,
  digest: new Uint8Array(32).fill(index + 1),
})));

function joined(...pieces: Bytes[]): Bytes {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

const journal = fc.oneof(
  near(fc.constant(joined(encodeHead(HEAD), RECORDS))),
  nearJson(fc.constant(HEAD)).map((head) => joined(encodeHead(head as JournalHead), RECORDS)),
);

const journals = target("journals", 300, journal, (bytes) => {
  const journal = decodeJournal(bytes);
  if (journal === undefined) return;
  const { head, records, length } = journal;
  assert.ok(length <= bytes.length);
  const indexes = records.map(({ index }) => index);
  assert.deepEqual(indexes, [...new Set(indexes)].sort((a, b) => a - b));
  assert.ok(records.every(({ digest }) => digest.length === 32 && digest.some((one) => one > 0)));
  assert.ok(head.size >= 0, "a file of less than nothing");
  // Fields that a head does not have are nobody's business.
  const { format, room, name, owner, size, version, mixed } = head;
  const known = { format, room, name, owner, size, version, mixed };
  const again = decodeJournal(joined(encodeHead(known), encodeRecords(records)));
  assert.deepEqual({ ...again, length }, { ...journal, head: known });
});

/** Names as staging folders have them, and others. */
const stagedName = fc.oneof(
  fc.constantFrom("a.part", "a.journal", "a.journal.new", "b.part", "b.journal", ".part", "x"),
  fc.constantFrom("%zz.part", "a.part.part", "é.journal"),
);

const leftovers = target(
  "leftovers",
  40,
  fc.array(
    fc.record({
      name: stagedName,
      content: journal,
      kind: fc.constantFrom("file", "link", "folder"),
    }),
    { maxLength: 6 },
  ),
  (entries) => {
    using folder = temporaryFolder();
    const staging = `${folder.path}/staging`;
    Deno.mkdirSync(staging);
    Deno.writeTextFileSync(`${folder.path}/outside`, "nobody's business");
    for (const { name, content, kind } of entries) {
      const path = `${staging}/${name}`;
      try {
        if (kind === "file") Deno.writeFileSync(path, content, { createNew: true });
        else if (kind === "link") Deno.symlinkSync(`${folder.path}/outside`, path);
        else Deno.mkdirSync(path);
      } catch (thrown) {
        if (!(thrown instanceof Deno.errors.AlreadyExists)) throw thrown;
      }
    }
    for (const { name, size = 0, staged } of listLeftovers(staging)) {
      assert.ok(typeof name === "string" && size >= 0 && staged >= 0);
    }
    sweepLeftovers(staging, 0);
    assert.equal(Deno.readTextFileSync(`${folder.path}/outside`), "nobody's business");
    assert.deepEqual(listLeftovers(staging), [], "what is old and not in use goes");
  },
);

const LAID = "ft://files.example.com:443/system#a-chosen-token-of-some-length";
const KEY = JSON.stringify({ pin: PEM.pin, certificate: PEM.certificate });
const SERVING = { hosts: ["192.168.1.5", "::1"], port: 5000, key: "plain", locked: true };
const OWNER = "o".repeat(42) + "8";

/** A file of a state folder or a root, below it, and what it says when nothing is wrong. */
const FILES = {
  "servers/home": nearText(fc.constant(LAID)),
  "servers/h%3A1": nearText(fc.constant(LAID)),
  "servers/%zz": fc.constant(LAID),
  "servers/h%3a1": fc.constant(LAID),
  "keys/h%3A1": fc.oneof(
    nearText(fc.constant(KEY)),
    nearJson(fc.constant(JSON.parse(KEY))).map((value) => JSON.stringify(value)),
  ),
  "owners/h%3A1": nearText(fc.constant(OWNER)),
  "lists/h%3A1%20shared": nearText(fc.constant('[["a.txt","tag 1"],["b.txt","tag 2"]]')),
  ".ft/serving.json": fc.oneof(
    nearText(fc.constant(JSON.stringify(SERVING))),
    nearJson(fc.constant(SERVING)).map((value) => JSON.stringify(value)),
  ),
  ".ft/token": nearText(fc.constant("0123456789abcdefghijkl\n")),
};

const stateFile = fc.oneof(
  ...Object.entries(FILES).map(([path, texts]) =>
    fc.oneof(
      { weight: 6, arbitrary: texts.map((text) => new TextEncoder().encode(text)) },
      { weight: 1, arbitrary: bytes(100) },
    ).map((content) => ({ path, content: new Uint8Array(content) }))
  ),
);

const stateFiles = target(
  "state files",
  60,
  fc.array(stateFile, { minLength: 1, maxLength: 4 }),
  (files) => {
    using folder = temporaryFolder();
    const state = folder.path;
    for (const kind of ["servers", "keys", "owners", "lists", ".ft"]) {
      Deno.mkdirSync(`${state}/${kind}`);
    }
    for (const { path, content } of files) Deno.writeFileSync(`${state}/${path}`, content);
    const known = new KnownServers(state);
    outcome(["io"], () => known.list());
    for (const name of ["home", "h:1"]) {
      const saved = outcome(["io"], () => known.saved(name));
      if ("value" in saved && saved.value !== undefined) formatInvite(saved.value);
      known.nameOf("files.example.com:443");
    }
    const key = outcome(["io"], () => known.key("h:1"));
    if ("value" in key && key.value !== undefined) {
      assert.match(key.value.pin, /^[\w-]{43}$/);
      certificatesIn(key.value.certificate);
    }
    const own = new StateFolder(state);
    const owner = outcome(["io"], () => own.owner("h:1"));
    if ("value" in owner) assert.match(owner.value, /^[\w-]{43}$/);
    const list = outcome(["io"], () => own.list("h:1", "shared"));
    if ("value" in list) {
      assert.ok(list.value?.every(({ name, tag }) => `${name}${tag}`.length >= 0) ?? true);
    }
    const serving = outcome(["not_found", "io"], () => readServing(state));
    if ("value" in serving) {
      assert.ok(isServerKey(serving.value.key));
      assert.ok(serving.value.hosts.length > 0 && Number.isInteger(serving.value.port));
    }
    const token = outcome(["io"], () => new InviteToken(`${state}/.ft/token`).read());
    if ("value" in token && token.value !== undefined) acceptToken(token.value);
    // What is damaged can be mended with ft's own means.
    new InviteToken(`${state}/.ft/token`).replace();
    known.forget("h:1");
    known.forget("home");
    assert.equal(known.key("h:1"), undefined);
    assert.deepEqual(known.list(), []);
  },
);

/** A database of records with a few rows, as a file. */
const DATABASE: Bytes = (() => {
  using folder = temporaryFolder();
  const path = `${folder.path}/records.db`;
  const records = Records.open(path, () => {});
  for (const name of ["a.txt", "b.txt"]) {
    records.put("shared", {
      ...{ name, requested: name, size: 5, digest: `ft1:5:${"a".repeat(64)}`, owner: "ann" },
      ...{ version: "v1", ino: "1", mtime: 1, published: 1, who: "" },
    });
  }
  const token = { name: "shelf", hash: "a".repeat(64), verbs: "get", created: 1, expires: null };
  records.tokens.add(token);
  records.close();
  return Deno.readFileSync(path);
})();

const database = target(
  "records database",
  60,
  fc.array(
    fc.record({
      // The head, the description of the tables at the end of the first page, and all of it.
      at: fc.oneof(
        fc.nat({ max: 120 }),
        fc.integer({ min: 3_000, max: 4_095 }),
        fc.nat({ max: DATABASE.length - 1 }),
      ),
      put: bytes(16),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  (damages) => {
    using folder = temporaryFolder();
    const path = `${folder.path}/records.db`;
    const content = DATABASE.slice();
    for (const { at, put } of damages) {
      content.set(put.subarray(0, content.length - at), at);
    }
    Deno.writeFileSync(path, content);
    const asides: string[] = [];
    const opened = outcome(["io"], () => Records.open(path, (aside) => asides.push(aside)));
    if ("code" in opened) {
      // Nothing but the word of a later version may keep a server from its records.
      assert.deepEqual(asides, []);
      return;
    }
    using records = { it: opened.value, [Symbol.dispose]: () => opened.value.close() };
    const info = Deno.statSync(path);
    records.it.get("shared", "a.txt", info);
    records.it.own("ann", "shared", "a.txt");
    records.it.room("shared");
    for (const page of records.it.pages("shared")) assert.ok(page.length > 0);
    records.it.tokens.all();
    records.it.tokens.add({ name: "new", hash: "b", verbs: "get", created: 1, expires: null });
    assert.ok(records.it.tokens.all().some(({ name }) => name === "new"));
  },
);

/** These targets. */
export const STATE: readonly Target[] = [journals, leftovers, stateFiles, database];
