/** Servers that do not give back what was shared in secret, and senders that name it badly. */
import assert from "node:assert/strict";
import { makeCode, seal } from "../../src/verbs/age.ts";
import { headDigest, sealNote } from "../../src/verbs/secret_note.ts";
import { SecretSource } from "../../src/verbs/secret_source.ts";
import { sha256 } from "../../src/protocol/digest.ts";
import { namesIn } from "../files.ts";
import { Place } from "../process.ts";
import { MemorySource } from "../conversation/world.ts";
import { FakeServer, welcome } from "./fake_server.ts";
import { Outside } from "./outside.ts";

const code = await makeCode();
const TEXT = new TextEncoder().encode("What was really shared.");

/** A file as it would be shared. */
async function sealed(text: Uint8Array<ArrayBuffer>, name = "x.txt") {
  const envelope = await seal(code);
  const source = new SecretSource(new MemorySource(text), envelope, undefined);
  const bytes = new Uint8Array(source.size ?? 0);
  assert.equal(await source.read(0, bytes), bytes.length);
  const head = await headDigest(envelope.head);
  return { bytes, note: await sealNote({ name, note: undefined, head }, code) };
}

const real = await sealed(TEXT);
const other = await sealed(TEXT);

/** What a server says of a file, and gives. */
interface Given {
  readonly secret?: string;
  readonly note?: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const age = { secret: "age", note: real.note };
const named = async (name: string) => ({ secret: "age", ...await sealed(TEXT, name) });

const CASES: Record<string, { readonly first: Given; readonly then?: Given; code: number }> = {
  "the file of another share": { first: { ...age, bytes: other.bytes }, code: 6 },
  "a file that is cut off": { first: { ...age, bytes: real.bytes.slice(0, -1) }, code: 7 },
  "nothing but the header": { first: { ...age, bytes: real.bytes.slice(0, -39) }, code: 7 },
  "no byte": { first: { ...age, bytes: new Uint8Array() }, code: 6 },
  "a bit that is another": {
    first: {
      ...age,
      bytes: real.bytes.map((byte, at) => at === real.bytes.length - 1 ? byte ^ 1 : byte),
    },
    code: 7,
  },
  "something in clear": { first: { bytes: TEXT }, code: 6 },
  "something in clear the second time": {
    first: { ...age, bytes: real.bytes },
    then: { bytes: TEXT },
    code: 6,
  },
  "no note": { first: { secret: "age", bytes: real.bytes }, code: 6 },
  "a note that is none": { first: { ...age, note: "AAAA", bytes: real.bytes }, code: 6 },
  "another note the second time": {
    first: { ...age, bytes: real.bytes },
    then: { ...age, note: other.note, bytes: real.bytes },
    code: 6,
  },
  "a format that nobody knows": { first: { ...age, secret: "rot13", bytes: real.bytes }, code: 4 },
  "a name that leads out": { first: await named("../evil"), code: 6 },
  "a name that is a path": { first: await named("/etc/evil"), code: 6 },
  "a name of ft's own": { first: await named(".ft"), code: 6 },
  "a name with a line end": { first: await named("evil\nname"), code: 6 },
};

for (const [name, { first, then = first, code: exit }] of Object.entries(CASES)) {
  Deno.test(`hostile secret: ${name} is refused`, async () => {
    await using place = new Place();
    using outside = new Outside(`${place.path}/outside`);
    await using fake = new FakeServer(async (peer) => {
      await welcome(peer);
      for (const { bytes, ...terms } of [first, then]) {
        const { id } = await peer.expect("request");
        await peer.say({ kind: "entry", id, name: "x.txt", size: bytes.length, ...terms });
        const digest = await sha256(bytes);
        if (bytes.length > 0) await peer.say({ kind: "chunk", id, chunk: 0, bytes, digest });
        const whole = `ft1:${bytes.length}:${digest.toHex()}`;
        await peer.say({ kind: "commit", id, digest: whole });
        for (let kind = ""; kind !== "done" && kind !== "error";) {
          kind = (await peer.hear())?.kind ?? "error";
        }
      }
    });
    const ana = place.client("ana", fake.address);
    ana.write("code", code);
    const args = ["x.txt", "--plain", "--retries", "0", "--code-file", "code"];
    const { code: found, stderr } = await ana.ft("fetch", ...args);
    assert.equal(found, exit, stderr);
    assert.match(stderr, /^Error: /m);
    assert.ok(!stderr.includes(code));
    assert.deepEqual(namesIn(ana.path("downloads")), []);
    outside.assertUntouched();
  });
}

Deno.test("hostile secret: the real one is taken", async () => {
  assert.notDeepEqual(real.bytes, other.bytes);
  await using place = new Place();
  await using fake = new FakeServer(async (peer) => {
    await welcome(peer);
    const { bytes } = real;
    for (let round = 0; round < 2; round++) {
      const { id } = await peer.expect("request");
      await peer.say({ kind: "entry", id, name: "x.txt", size: bytes.length, ...age });
      if (round === 0) {
        await peer.expect("done");
        continue;
      }
      const digest = await sha256(bytes);
      await peer.say({ kind: "chunk", id, chunk: 0, bytes, digest });
      await peer.say({ kind: "commit", id, digest: `ft1:${bytes.length}:${digest.toHex()}` });
      while ((await peer.hear())?.kind !== "done");
    }
  });
  const ana = place.client("ana", fake.address);
  ana.write("code", code);
  const { code: exit, stderr } = await ana.ft("fetch", "x.txt", "--plain", "--code-file", "code");
  assert.equal(exit, 0, stderr);
  assert.equal(Deno.readTextFileSync(ana.path("downloads/x.txt")), "What was really shared.");
});
