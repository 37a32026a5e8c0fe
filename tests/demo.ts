/**
 * `deno task demo`: ft as its users see it, on this machine alone. A real server and real clients
 * move files, two clients and a server are killed on the way, and every copy is compared with its
 * source. Exits with 0 only if all of it held.
 *
 * @module
 */
import { formatBytes } from "../src/cli/text.ts";
import {
  DemoServer,
  DemoUser,
  done,
  fill,
  leaveNothing,
  place,
  sameBytes,
  say,
} from "./demo_world.ts";
import { exists, ftCommand } from "./process.ts";
import { Relay } from "./relay.ts";

const MiB = 1024 * 1024;
const SMALL = { "empty.bin": 0, "small.bin": 1024, "medium.bin": 5 * MiB };
const SMALL_NAMES = Object.keys(SMALL);
const BIG = "big.bin";
const BIG_BYTES = 256 * MiB;
/** Bytes per second of the relay: about what gigabit Ethernet gives. */
const RATE = 100_000_000;

/** Something that was copied, and whether the copy is the same. */
interface Row {
  readonly what: string;
  readonly size: number;
  readonly same: boolean;
  /** Bytes that travelled more than once, or nothing where nobody was killed. */
  readonly again?: number;
}

const rows: Row[] = [];

function title(text: string): void {
  say(`\n== ${text}`);
}

/** Fails the demo unless something holds. */
function hold(what: string, holds: boolean): void {
  if (!holds) throw new Error(`This did not hold: ${what}.`);
  say(`-- ${what}`);
}

/** Compares a copy with its source, by what `ft sum` says and byte by byte. */
async function compare(what: string, source: string, copy: string, again?: number): Promise<void> {
  const [program = "", ...args] = ftCommand("sum", source, copy);
  const { stdout } = await new Deno.Command(program, { args }).output();
  const [first, second] = new TextDecoder().decode(stdout).split("\n").map((line) =>
    line.split(" ", 1)[0]
  );
  const { size } = Deno.statSync(source);
  const same = first !== "" && first === second && sameBytes(source, copy);
  rows.push({ what, size, same, ...(again === undefined ? {} : { again }) });
  say(`-- ${what}: ${first?.slice(0, 24)}..., the copy is ${same ? "the same" : "ANOTHER"}`);
}

/**
 * Waits until a file is old enough for its times to tell whether it has changed since. Of a younger
 * one ft compares what is held with it before it goes on, which is not what is shown here.
 */
async function settle(path: string): Promise<void> {
  const age = Date.now() - (Deno.statSync(path).ctime?.getTime() ?? 0);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3_000 - age)));
}

function total({ passed }: Relay): number {
  return passed.up + passed.down;
}

/** Moves the big file, runs `kill` when `share` of it has passed, and counts what passes twice. */
async function interrupted(
  relay: Relay,
  source: string,
  share: number,
  run: () => Deno.ChildProcess,
  kill: (child: Deno.ChildProcess) => Promise<void>,
): Promise<number> {
  await settle(source);
  const due = Promise.withResolvers<void>();
  relay.reset();
  relay.onBytes = () => {
    if (total(relay) >= BIG_BYTES * share) due.resolve();
  };
  const child = run();
  const early = child.status.then(({ code }) => {
    throw new Error(`The command ended with ${code} before it could be killed.`);
  });
  await Promise.race([due.promise, early]);
  early.catch(() => {});
  await kill(child);
  const again = Math.max(0, total(relay) - BIG_BYTES);
  hold(
    `of ${formatBytes(BIG_BYTES)}, ${formatBytes(again)} travelled twice`,
    again < BIG_BYTES / 2,
  );
  return again;
}

async function killClient(
  user: DemoUser,
  child: Deno.ChildProcess,
  visible: string,
  args: string[],
) {
  child.kill("SIGKILL");
  await child.status;
  say("");
  hold(
    `${user.name}'s ft was killed with kill -9; nothing half-written is visible`,
    !exists(visible),
  );
  await user.ft(...args);
}

async function demo(): Promise<void> {
  say(`ft on this machine, in ${place} (removed at the end).`);
  title("A server, and two users with a folder each");
  const server = new DemoServer();
  await server.start();
  await using relay = new Relay({ port: server.port, rate: RATE });
  const ana = new DemoUser("ana", relay.address);
  const ben = new DemoUser("ben", relay.address);
  for (const [name, size] of [...Object.entries(SMALL), [BIG, BIG_BYTES] as const]) {
    fill(`${ana.folder}/${name}`, size);
  }
  say(`-- ana and ben reach the server through a relay of this demo at ${relay.address}: it`);
  say(`-- passes ${formatBytes(RATE)}/s, as a gigabit network does, and counts the bytes`);

  title("put: ana's files go to uploads/, where no client can list or read them");
  await ana.ft("put", ...SMALL_NAMES);
  server.tell();
  for (const name of SMALL_NAMES) {
    await compare(`put ${name}`, `${ana.folder}/${name}`, `${server.root}/uploads/${name}`);
  }

  title("get: ben takes what the server's owner laid into shared_files/");
  for (const name of SMALL_NAMES) {
    Deno.copyFileSync(`${ana.folder}/${name}`, `${server.root}/shared_files/${name}`);
  }
  await ben.ft("get", ...SMALL_NAMES);
  server.tell();
  for (const name of SMALL_NAMES) {
    const source = `${server.root}/shared_files/${name}`;
    await compare(`get ${name}`, source, `${ben.folder}/downloads/${name}`);
  }

  title("share, list, fetch: from ana to ben through shared_uploads/");
  await ana.ft("share", ...SMALL_NAMES);
  await ben.ft("list", "shared");
  await ben.ft("fetch", "1", "2", "3", "--output", "from ana/");
  server.tell();
  for (const name of SMALL_NAMES) {
    await compare(
      `share, fetch ${name}`,
      `${ana.folder}/${name}`,
      `${ben.folder}/from ana/${name}`,
    );
  }

  title("kill -9 of a client that sends: the next run goes on");
  const put = ["put", BIG];
  const big = `${ana.folder}/${BIG}`;
  const uploaded = `${server.root}/uploads/${BIG}`;
  const sentAgain = await interrupted(
    relay,
    big,
    0.6,
    () => ana.start(...put),
    (child) => killClient(ana, child, uploaded, put),
  );
  server.tell();
  await compare(`put ${BIG}, client killed`, big, uploaded, sentAgain);
  Deno.removeSync(uploaded);

  title("kill -9 of the server: the same command goes on by itself");
  const shared = `${server.root}/shared_uploads/${BIG}`;
  const servedAgain = await interrupted(
    relay,
    big,
    0.5,
    () => ana.start("share", BIG),
    async (child) => {
      await server.end("SIGKILL");
      say("");
      hold("the server was killed with kill -9; nothing half-written is visible", !exists(shared));
      await server.start();
      await done(child);
    },
  );
  server.tell();
  await compare(`share ${BIG}, server killed`, big, shared, servedAgain);

  title("kill -9 of a client that receives: the next run goes on");
  const fetch = ["fetch", BIG];
  const fetched = `${ben.folder}/downloads/${BIG}`;
  const fetchedAgain = await interrupted(
    relay,
    shared,
    0.4,
    () => ben.start(...fetch),
    (child) => killClient(ben, child, fetched, fetch),
  );
  server.tell();
  await compare(`fetch ${BIG}, client killed`, big, fetched, fetchedAgain);

  title("The server ends on SIGTERM");
  const code = await server.end("SIGTERM");
  server.tell();
  hold(`its exit code is ${code}`, code === 0);
}

function summary(): boolean {
  title("Summary");
  const width = Math.max(0, ...rows.map(({ what }) => what.length));
  for (const { what, size, same, again } of rows) {
    const twice = again === undefined ? "" : `  ${formatBytes(again)} travelled twice`;
    const bytes = formatBytes(size).padStart(10);
    say(`${what.padEnd(width)}  ${bytes}  ${same ? "same bytes" : "DIFFERS   "}${twice}`.trimEnd());
  }
  return rows.every(({ same }) => same);
}

let interrupt = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    interrupt = true;
    leaveNothing().finally(() => Deno.exit(130));
  });
}

const began = performance.now();
let failed = false;
try {
  await demo();
} catch (thrown) {
  // The listener is about to end it all: what it killed is no failure.
  if (interrupt) await new Promise(() => {});
  failed = true;
  say(`\nFAILED: ${thrown instanceof Error ? thrown.message : thrown}`);
}
await leaveNothing();
const held = summary() && !failed;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
say(`\n${held ? "All of it held" : "Something did NOT hold"}, after ${seconds} s.`);
Deno.exit(held ? 0 : 1);
