import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { Random, seed } from "../../tests/random.ts";
import type { Source } from "../storage/store.ts";
import { acceptCode, makeCode, seal, unseal } from "./age.ts";
import { PIECE_BYTES, SEALED_BYTES, sealedSize } from "./age_payload.ts";
import { headDigest, sealNote, unsealNote } from "./secret_note.ts";
import { SecretSink } from "./secret_sink.ts";
import { SecretSource } from "./secret_source.ts";

const random = new Random(seed);
const SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 300_001];

/**
 * Runs a test, and then waits for all keys that were being derived: the package begins with its
 * own before it has read a header, and does not wait for it where the header is refused.
 */
async function withKeysDerived(run: () => Promise<void>): Promise<void> {
  const { subtle } = crypto;
  const derive = subtle.deriveBits;
  const begun: Promise<ArrayBuffer>[] = [];
  subtle.deriveBits = (...given) => {
    const derived = derive.apply(subtle, given);
    begun.push(derived);
    return derived;
  };
  try {
    await run();
  } finally {
    subtle.deriveBits = derive;
    await Promise.allSettled(begun);
  }
}

/** A source that is some bytes, of a size that is told or not. */
function sourceOf(bytes: Uint8Array, isTold: boolean): Source {
  let at = 0;
  return {
    size: isTold ? bytes.length : undefined,
    mtime: undefined,
    version: undefined,
    digest: undefined,
    read(offset, into) {
      // Without a size it is a stream, which is read once, in order.
      const from = isTold ? offset : at;
      const part = bytes.subarray(from, from + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    isUnchanged: () => true,
    close() {},
  };
}

/** All of a source, read in steps of one size. */
async function readAll(source: Source, step: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(2 * 1024 * 1024);
  for (let at = 0;;) {
    const count = await source.read(at, bytes.subarray(at, at + step));
    if (count === 0) return bytes.slice(0, at);
    at += count;
  }
}

/** What comes out of bytes that are decrypted in pieces of any size. */
async function opened(bytes: Uint8Array<ArrayBuffer>, code: string): Promise<Uint8Array> {
  const pieces: number[][] = [];
  let isClosed = false;
  const sink = new SecretSink(
    {
      // deno-lint-ignore require-await -- others have to wait
      write: async (piece) => void pieces.push([...piece]),
      // deno-lint-ignore require-await -- others have to wait
      close: async () => void (isClosed = true),
    },
    code,
    () => true,
  );
  for (let at = 0; at < bytes.length;) {
    const count = random.between(1, 150_000);
    await sink.write(bytes.slice(at, at + count));
    at += count;
  }
  await sink.close();
  equal(isClosed, true);
  return new Uint8Array(pieces.flat());
}

Deno.test(`what is encrypted here is decrypted by the package, and back, seed ${seed}`, async () => {
  const code = await makeCode();
  const decrypter = new Decrypter();
  decrypter.addIdentity(code);
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(code));
  for (const size of SIZES) {
    const bytes = random.bytes(size);
    for (const isTold of [true, false]) {
      const envelope = await seal(code);
      const source = new SecretSource(sourceOf(bytes, isTold), envelope, undefined);
      const sealed = await readAll(source, random.between(1, 200_000));
      equal(sealed.length, envelope.head.length + sealedSize(size));
      equal(source.size, isTold ? sealed.length : undefined);
      deepEqual(await decrypter.decrypt(sealed), bytes);
      deepEqual(await opened(sealed, code), bytes);
    }
    deepEqual(await opened(new Uint8Array(await encrypter.encrypt(bytes)), code), bytes);
  }
});

Deno.test("the same envelope gives the same bytes wherever they are read again", async () => {
  const code = await makeCode();
  const envelope = await seal(code);
  const bytes = random.bytes(300_001);
  const whole = await readAll(new SecretSource(sourceOf(bytes, true), envelope, "v"), 100_000);
  const source = new SecretSource(sourceOf(bytes, true), envelope, "v");
  // All at once: several connections read it together.
  await Promise.all(Array.from({ length: 50 }, async () => {
    const at = random.between(0, whole.length);
    const into = new Uint8Array(random.between(1, 100_000));
    const count = await source.read(at, into);
    deepEqual(into.subarray(0, count), whole.subarray(at, at + into.length));
  }));
  const other = await readAll(new SecretSource(sourceOf(bytes, true), await seal(code), "v"), 9999);
  equal(other.length, whole.length);
  // Nothing of one is in the other: neither keys nor nonces are used twice.
  const at = envelope.head.length;
  const same = whole.subarray(at).filter((byte, index) => byte === other[at + index]).length;
  equal(same < whole.length / 100, true, `${same} bytes are equal`);
});

Deno.test("what was changed, cut off, put together anew or made with another code is refused", () =>
  withKeysDerived(async () => {
    const code = await makeCode();
    const { head } = await seal(code);
    const envelope = await seal(code);
    const source = new SecretSource(sourceOf(random.bytes(200_000), true), envelope, undefined);
    const sealed = await readAll(source, 100_000);
    const payload = envelope.head.length;
    const bent = (at: number) => {
      const bytes = sealed.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    };
    const swapped = sealed.slice();
    swapped.copyWithin(payload, payload + SEALED_BYTES, payload + 2 * SEALED_BYTES);
    const cases: Record<string, [Uint8Array<ArrayBuffer>, string]> = {
      "a bit of the header": [bent(60), "denied"],
      "a bit of the nonce": [bent(payload - 1), "digest"],
      "a bit of the first piece": [bent(payload), "digest"],
      "the last bit": [bent(sealed.length - 1), "digest"],
      "an end after a whole piece": [sealed.slice(0, payload + SEALED_BYTES), "digest"],
      "an end within a piece": [sealed.slice(0, -1), "digest"],
      "an end within a tag": [sealed.slice(0, payload + 3), "digest"],
      "an end within the header": [sealed.slice(0, 100), "denied"],
      "pieces in another order": [swapped, "digest"],
      "another envelope": [new Uint8Array([...head, ...sealed.subarray(payload)]), "digest"],
      "no header": [random.bytes(10_000), "denied"],
    };
    for (const [name, [bytes, expected]] of Object.entries(cases)) {
      await rejects(opened(bytes, code), { name: "FtError", code: expected }, name);
    }
    await rejects(opened(sealed, await makeCode()), { code: "denied" });
  }));

Deno.test(`whatever comes instead is refused and nothing else, seed ${seed}`, () =>
  withKeysDerived(async () => {
    const code = await makeCode();
    const envelope = await seal(code);
    const source = new SecretSource(sourceOf(random.bytes(150_000), true), envelope, undefined);
    const sealed = await readAll(source, 100_000);
    for (let round = 0; round < 200; round++) {
      const bytes = sealed.slice();
      const at = random.between(0, random.pick([envelope.head.length, bytes.length]));
      bytes[at] = (bytes[at] ?? 0) ^ random.between(1, 256);
      await rejects(opened(bytes, code), (thrown: { code: string }) => {
        equal(["denied", "digest"].includes(thrown.code), true, `${thrown} at ${at}`);
        return true;
      });
    }
  }));

Deno.test("a code is one of age, has 256 bits, and is read as people write it", () =>
  withKeysDerived(async () => {
    const code = await makeCode();
    match(code, /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
    equal(await acceptCode(`  ${code.toLowerCase()}\n`), code);
    const typo = code.slice(0, -1) + (code.endsWith("Q") ? "P" : "Q");
    for (const text of ["", "x", typo, code.slice(0, -1), "AGE-SECRET-KEY-PQ-1QQQ"]) {
      await rejects(acceptCode(text), (thrown: { code: string; message: string }) => {
        equal(thrown.code, "usage");
        equal(text.length > 1 && thrown.message.includes(text), false);
        return true;
      });
    }
  }));

Deno.test("a note keeps name, words and content together, and fits into a message", () =>
  withKeysDerived(async () => {
    const code = await makeCode();
    const { head } = await seal(code);
    const note = { name: "n\u00e4me.txt", note: "for Ana", head: await headDigest(head) };
    const sealed = await sealNote(note, code);
    equal(/N\u00e4me|Ana/.test(sealed), false);
    deepEqual(await unsealNote(sealed, code), note);
    const long = { name: "a".repeat(255), note: "b".repeat(180), head: note.head };
    deepEqual(await unsealNote(await sealNote(long, code), code), long);
    await rejects(sealNote({ ...note, note: "b".repeat(600) }, code), { code: "limit" });
    await rejects(unsealNote(sealed, await makeCode()), { code: "denied" });
    for (const text of [undefined, "", "no note", sealed.slice(0, -2)]) {
      await rejects(unsealNote(text, code), { code: "denied" });
    }
    // Who has the code may write what they like, but not where it goes.
    for (const name of ["../x", "a\u0000b", "", "/etc/passwd", ".ft"]) {
      await rejects(unsealNote(await sealNote({ ...note, name }, code), code), {
        code: "bad_name",
      });
    }
  }));

Deno.test("unseal() waits for the whole header, and no longer than one can be", () =>
  withKeysDerived(async () => {
    const code = await makeCode();
    const { head, key } = await seal(code);
    equal(await unseal(head.slice(0, -1), code), undefined);
    deepEqual(await unseal(head, code), { head, key });
    const text = new TextEncoder().encode("age-encryption.org/v1\n" + "-> X a\n".repeat(1_000));
    await rejects(unseal(text, code), { code: "denied" });
  }));
