/** Fuzz targets: whole conversations with a peer that says anything in any order. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FAILURES, type FtError, toFailure } from "../../src/error.ts";
import { sha256 } from "../../src/protocol/digest.ts";
import { encodePreamble } from "../../src/protocol/preamble.ts";
import { ClientSession } from "../../src/session/client_session.ts";
import { ServerSession } from "../../src/session/server_session.ts";
import type { Receipt } from "../../src/storage/store.ts";
import type { Connection } from "../../src/transport/connection.ts";
import { MemorySource, World } from "../conversation/world.ts";
import { digestOf, LARGE_BYTES } from "../fixtures/staged.ts";
import { Link } from "../memory_connection.ts";
import { Random } from "../random.ts";
import { bytesOfSteps, CONTENTS, inOrder, type Step, steps } from "./steps.ts";
import { type Target, target } from "./target.ts";

/** Short, so that a peer which says nothing more is given up within a case. */
const DEADLINES = { handshake: 2, frame: 2, idle: 2, ping: 1 };
const CODES: readonly string[] = Object.keys(FAILURES);
/** What neither side may blame a peer for, whatever it says. */
const NEVER: readonly string[] = ["unexpected", "io", "read_only", "disk_full"];

/** An error of ours, and not one that shows a fault of our own. */
function assertFailure(failure: FtError | undefined): void {
  if (failure === undefined || failure.side === "there") return;
  assert.ok(CODES.includes(failure.code));
  if (NEVER.includes(failure.code)) throw new Error(failure.code, { cause: failure });
}

/** Says all of it, and hears whatever comes; resolves when the other side has ended. */
async function speak(connection: Connection, pieces: Iterable<Uint8Array<ArrayBuffer>>) {
  const heard = (async () => {
    for await (const _ of connection.readable);
  })().catch(() => {});
  const writer = connection.writable.getWriter();
  writer.closed.catch(() => {});
  for (const piece of pieces) await writer.write(piece).catch(() => {});
  await writer.close().catch(() => {});
  await heard;
}

/** Everything below a folder but what ft keeps for itself. */
function below(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const look = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(`${root}${path}`)) {
      const inner = `${path}/${name}`;
      if (name === ".ft") continue;
      if (isDirectory) look(inner);
      else found.set(inner.slice(1), Deno.readFileSync(`${root}${inner}`).toHex());
    }
  };
  look("");
  return found;
}

/** What the files of the rooms may hold: nothing but what was sent as a whole, and verified. */
const WHOLE = new Set(CONTENTS.map((content) => content.toHex()));

function assertWhole(files: Map<string, string>, rooms: readonly string[]): void {
  for (const [path, content] of files) {
    assert.ok(rooms.some((room) => path.startsWith(`${room}/`)), `'${path}' is outside`);
    assert.ok(WHOLE.has(content), `'${path}' is half there`);
  }
}

const serverTalks = target(
  "a server in conversation",
  25,
  fc.record({
    greets: fc.boolean(),
    steps: fc.oneof(steps, steps.map(inOrder)),
    seed: fc.nat({ max: 99 }),
  }),
  async ({ greets, steps, seed }) => {
    await using world = new World();
    world.lay("public", "a", CONTENTS[1] ?? new Uint8Array());
    world.lay("shared", "b", CONTENTS[2] ?? new Uint8Array());
    const link = new Link({ seed });
    const server = new ServerSession(link.server, {
      store: world.store,
      agent: "server",
      deadlines: DEADLINES,
      onReport: ({ failure }) => assertFailure(failure),
    });
    const hello: Step = { say: { kind: "hello", id: 0, agent: "", features: [], require: [] } };
    const said = await bytesOfSteps(greets ? [hello, ...steps] : steps);
    const [served] = await Promise.all([
      server.serve(),
      speak(link.client, greets ? [encodePreamble(1), ...said] : said),
    ]);
    assertFailure(served);
    assert.equal(server.open, 0, "a transfer was left open");
    const files = below(world.root);
    assert.ok(files.has("shared_files/a") && files.has("shared_uploads/b"), "a file has gone");
    assertWhole(files, ["uploads", "shared_files", "shared_uploads"]);
    // The next client is served as if nothing had been.
    const { client } = world.talk({ owner: "honest" });
    const source = new MemorySource(new Uint8Array([1, 2, 3]));
    const name = "honest";
    const { outcome } = await client.upload({ room: "private", name, source, conflict: "rename" });
    assert.equal(outcome, "new");
    await client.list({ room: "shared" }, () => {});
    await client.close();
  },
);

/** The files among the steps as answers to the client's two downloads, 3 and 4. */
function asDownloads(steps: readonly Step[]): Step[] {
  return steps.map((step) =>
    "file" in step ? { ...step, file: { ...step.file, id: step.file.id % 2 === 0 ? 3 : 4 } } : step
  );
}

const clientTalks = target(
  "a client in conversation",
  25,
  fc.record({
    steps: fc.oneof(steps, steps.map(asDownloads)),
    seed: fc.nat({ max: 99 }),
    large: fc.boolean(),
  }),
  async ({ steps, seed, large }) => {
    await using world = new World();
    const link = new Link({ seed });
    const client = new ClientSession(link.client, {
      ...{ agent: "client", owner: "ana", run: "run 1", deadlines: DEADLINES },
    });
    const { store, names } = { store: world.downloads, names: () => world.names("downloads") };
    const bytes = large ? new Random(3).bytes(LARGE_BYTES) : CONTENTS[1] ?? new Uint8Array();
    const source = new MemorySource(bytes);
    const wanted = { store, conflict: "rename", origin: "server" } as const;
    // All open at once; the downloads look first what is there, so their ids are 3 and 4.
    const work: Promise<Receipt | void>[] = [
      client.list(
        { room: "shared" },
        (items) => items.forEach(({ name }) => assert.equal(typeof name, "string")),
      ),
      client.download({ ...wanted, room: "public", name: "a", target: "mine" }),
      client.upload({ room: "shared", name: "b", source, conflict: "rename" }),
      client.download({ ...wanted, room: "shared", name: "c/d", target: "yours" }),
    ];
    const said = await bytesOfSteps(steps);
    const [results] = await Promise.all([
      Promise.allSettled(work),
      speak(link.server, [encodePreamble(1), ...said]),
    ]);
    await client.close();
    for (const result of results) {
      if (result.status === "rejected") assertFailure(toFailure(result.reason));
    }
    const [, first, upload, second] = results;
    // What the client calls a success is one.
    if (upload?.status === "fulfilled") {
      const { digest, size, outcome } = upload.value as Receipt;
      // That it has these bytes from before, and their digest, a server says before any are sent.
      if (outcome === "same") assert.equal(size, bytes.length);
      else if (outcome !== "skipped") assert.equal(digest, await digestOf(bytes));
    }
    const appeared = [first, second].filter((one) => one?.status === "fulfilled").length;
    assert.ok(names().length <= appeared, `${names()} with ${appeared} downloads`);
    assert.ok(names().every((name) => ["mine", "yours"].includes(name)), names().join());
    assertWhole(below(world.root), ["downloads"]);
  },
);

/** A piece of a staging folder that is damaged, as a part of its length. */
interface Damage {
  readonly file: "part" | "journal";
  readonly at: number;
  readonly put: Uint8Array<ArrayBuffer>;
  readonly cut: boolean;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  file: fc.constantFrom("part", "journal"),
  at: fc.nat({ max: 9_999 }),
  put: fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
  cut: fc.boolean(),
});

const staged = target(
  "damaged staging files",
  8,
  fc.record({
    chunks: fc.integer({ min: 1, max: 3 }),
    damages: fc.array(damage, { maxLength: 3 }),
  }),
  async ({ chunks, damages }) => {
    await using world = new World();
    const bytes = new Random(5).bytes(LARGE_BYTES);
    const upload = (source: MemorySource) => {
      const { client } = world.talk({ deadlines: DEADLINES });
      return client.upload({ room: "shared", name: "big", source, conflict: "rename" });
    };
    const broken = new MemorySource(bytes);
    broken.onRead = (offset) => {
      if (offset >= chunks * 1024 * 1024) throw new Error("the source cannot be read any more");
    };
    await assert.rejects(upload(broken));
    const staging = `${world.root}/.ft/staging`;
    for (const { file, at, put, cut } of damages) {
      for (const { name } of Deno.readDirSync(staging)) {
        if (!name.endsWith(`.${file}`)) continue;
        using open = Deno.openSync(`${staging}/${name}`, { read: true, write: true });
        const place = Math.floor(at * open.statSync().size / 10_000);
        open.seekSync(place, Deno.SeekMode.Start);
        open.writeSync(put);
        if (cut) open.truncateSync(place);
      }
    }
    // Damage is found while the bytes are compared; then the next run sends what was damaged.
    const again = () => upload(new MemorySource(bytes)).then(({ outcome }) => outcome, toFailure);
    const first = await again();
    if (typeof first !== "string") assert.equal(first.code, "digest", first.message);
    const second = typeof first === "string" ? first : await again();
    assert.equal(second, "new");
    assert.deepEqual(world.names("shared"), ["big"]);
    assert.deepEqual(await sha256(world.read("shared", "big")), await sha256(bytes));
  },
);

/** These targets. */
export const CONVERSATION: readonly Target[] = [serverTalks, clientTalks, staged];
