import assert from "node:assert/strict";
import { COMMANDS } from "../src/cli/table.ts";
import { writeFile } from "./files.ts";
import { type Line, linesOf, wholeLines } from "./json_lines.ts";
import {
  type Client,
  done,
  type Finished,
  ftCommand,
  Place,
  type Server,
  test,
} from "./process.ts";
import { Pty } from "./pty.ts";
import { Random, seed } from "./random.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

/** What a command is asked for beside `--json`, and what its items are. */
interface Asked {
  readonly args: readonly string[];
  readonly items: readonly string[];
  readonly input?: string;
}

function asked(server: Server, locked: string): Record<string, Asked[]> {
  const root = ["--root", locked];
  return {
    put: [
      { args: ["a.txt"], items: [] },
      { args: ["-", "--name", "piped.txt"], items: [], input: "piped" },
    ],
    share: [
      { args: ["a.txt", "b \u00fc.txt"], items: [] },
      { args: ["a.txt", "folder", "--dry-run"], items: [] },
    ],
    get: [{ args: ["p.txt"], items: [] }],
    fetch: [{ args: ["a.txt"], items: [] }, { args: ["--yes", "-o", "all/"], items: [] }],
    retry: [{ args: [], items: [] }],
    list: [
      { args: ["--sort", "name", "--match", "*a.txt"], items: ["file"] },
      { args: ["public"], items: ["file"] },
    ],
    info: [{ args: ["a.txt"], items: ["about"] }, { args: ["p.txt", "public"], items: ["about"] }],
    mine: [{ args: ["--match", "?.txt"], items: ["file", "file"] }],
    unshare: [{ args: ["b \u00fc.txt"], items: ["unshared"] }],
    verify: [{ args: ["shared", "--root", server.root], items: ["verified"] }],
    sum: [{ args: ["a.txt"], items: ["digest"] }],
    partials: [{ args: ["clear", server.root], items: [] }],
    client: [{ args: [], items: [], input: "1\na.txt\n4\n1\nq\n" }],
    join: [{ args: ["-", "nas"], items: ["server"], input: "ft://127.0.0.1:1/system\n" }],
    trust: [
      { args: [], items: ["server", "server"] },
      { args: ["forget", "nas"], items: ["forgotten"] },
    ],
    invite: [{ args: ["--new", ...root], items: ["invite"] }],
    token: [
      {
        args: ["add", "ana", "--allow", "put", "--expires=7d", ...root],
        items: ["token", "invite"],
      },
      { args: ["list", ...root], items: ["token"] },
      { args: ["revoke", "ana", ...root], items: ["forgotten"] },
    ],
    config: [{ args: ["path"], items: ["config"] }],
    completion: [{ args: ["bash"], items: ["text"] }],
    manual: [{ args: [], items: ["text"] }],
    help: [{ args: ["put"], items: ["text"] }],
    serve: [],
  };
}

/** A place with files in all rooms, and with a root that a locked server was served from. */
async function furnished(place: Place, server: Server, ana: Client): Promise<string> {
  for (const name of ["a.txt", "b \u00fc.txt", "folder/a.txt"]) ana.write(name, name);
  writeFile(server.path("shared_files/p.txt"), "p");
  return (await place.serve({ root: "locked", args: ["--require-token"] })).root;
}

function items(lines: readonly Line[]): string[] {
  return lines.filter(({ kind }) => kind === "item").map((line) => line["what"]);
}

test("every command writes lines of the schema with --json, and nothing else", async (
  place,
  server,
  ana,
) => {
  const all = asked(server, await furnished(place, server, ana));
  assert.deepEqual(Object.keys(all).sort(), Object.keys(COMMANDS).sort());
  for (const [command, ways] of Object.entries(all)) {
    for (const { args, items: expected, input = "" } of ways) {
      const what = `${command} ${args.join(" ")}`;
      const { code, stdout, stderr } = await ana.piped(input, command, ...args, "--json");
      assert.equal(code, 0, `${what}: ${stderr}`);
      const lines = wholeLines(stdout, 0);
      assert.equal(lines[0]?.["command"], command, what);
      assert.deepEqual(items(lines), expected, what);
      // Whatever is in a name: a terminal that shows the lines obeys nothing of it.
      assert.doesNotMatch(stdout.replaceAll("\n", ""), /[\p{Cf}\p{Cc}]/u, what);
      const quiet = await ana.piped(input, command, ...args, "--json", "--quiet");
      // What was done is done: forgetting it again fails, in lines alone.
      wholeLines(quiet.stdout, quiet.code);
      assert.equal(quiet.stderr, "", what);
    }
  }
});

test("--json tells of each file, and adds up at the end", async (_, server, ana) => {
  ana.write("a.txt", "abc");
  ana.write("big.bin", random.bytes(3 * MiB));
  const end = await ana.ft("share", "a.txt", "none.txt", "big.bin", "--json");
  const lines = wholeLines(end.stdout, 5);
  const files = lines.filter(({ kind }) => kind === "file");
  assert.deepEqual(files.map((line) => line["name"]).sort(), ["a.txt", "big.bin"]);
  const small = files.find((line) => line["name"] === "a.txt");
  assert.deepEqual([small?.["size"], small?.["saved"], small?.["outcome"]], [3, "a.txt", "new"]);
  const errors = lines.filter(({ kind }) => kind === "error");
  assert.equal(errors.length, 1);
  const { name, code, exit, retry, hint } = errors[0] as Line;
  assert.deepEqual([name, code, exit, retry], ["none.txt", "not_found", 5, false]);
  assert.ok(typeof hint === "string" || hint === null);
  const { files: count, failed, bytes } = lines.at(-1) as Line;
  assert.deepEqual([count, failed, bytes], [2, 1, 3 * MiB + 3]);
  const sums = wholeLines((await ana.ft("sum", "a.txt", "none.txt", "--json")).stdout, 5);
  assert.deepEqual([sums.at(-1)?.["failed"], items(sums)], [1, ["digest"]]);
  // A second file of that name is kept beside the first, and the lines say so.
  ana.write("a.txt", "other");
  const [again] = wholeLines((await ana.ft("share", "a.txt", "--json")).stdout, 0)
    .filter(({ kind }) => kind === "file");
  assert.deepEqual([again?.["name"], again?.["saved"]], ["a.txt", "a (2).txt"]);
  assert.ok(server.log.length > 0);
});

test("--json tells of each file of a folder, of what failed in it and of what would travel", async (
  place,
  server,
  ana,
) => {
  for (let at = 0; at < 30; at++) ana.write(`folder/sub/${at}.txt`, `${at}`);
  ana.write("folder/big.bin", random.bytes(2 * MiB));
  ana.write("folder/bad\\name", "x");
  const plan = wholeLines((await ana.ft("share", "folder", "--dry-run", "--json")).stdout, 6);
  const planned = plan.filter(({ kind }) => kind === "planned");
  assert.deepEqual([planned.length, plan.at(-1)?.["planned"], plan.at(-1)?.["files"]], [31, 31, 0]);
  const big = planned.find((line) => line["name"] === "folder/big.bin");
  assert.equal(big?.["size"], 2 * MiB);

  const end = await ana.ft("share", "folder", "--json");
  const lines = wholeLines(end.stdout, 6);
  const of = (wanted: string) => lines.filter(({ kind }) => kind === wanted);
  const told = of("file").map((line) => line["name"]);
  assert.deepEqual([told.length, new Set(told).size], [31, 31]);
  assert.ok(of("file").every((line) => line["outcome"] === "new" && line["size"] > 0));
  assert.deepEqual(of("error").map((line) => [line["name"], line["code"]]), [
    ["folder/bad\\name", "bad_name"],
  ]);
  const [folder, ...more] = of("folder");
  assert.deepEqual(more, []);
  const { name, saved, new: fresh, same, failed } = folder as Line;
  assert.deepEqual([name, saved, fresh, same, failed], ["folder", "folder", 31, 0, 1]);
  const sum = lines.at(-1) as Line;
  assert.deepEqual([sum["files"], sum["failed"], sum["planned"]], [31, 1, 0]);
  assert.ok(sum["bytes"] > 2 * MiB);

  const [listed] = wholeLines((await ana.ft("list", "shared", "--json")).stdout, 0)
    .filter(({ kind }) => kind === "item");
  const { what, files, missing, mine, number } = listed as Line;
  assert.deepEqual([what, files, missing, mine, number], ["folder", 31, null, true, 1]);
  const ben = place.client("ben", server.address);
  const there = wholeLines((await ben.ft("fetch", "folder", "--json")).stdout, 0);
  assert.equal(there.filter(({ kind }) => kind === "file").length, 31);
  assert.deepEqual([there.at(-1)?.["files"], there.at(-1)?.["failed"]], [31, 0]);

  // What failed alone is done again, and told in the same lines.
  Deno.renameSync(ana.path("folder/bad\\name"), ana.path("folder/good"));
  const again = wholeLines((await ana.ft("retry", "--json")).stdout, 0);
  assert.equal(again[0]?.["command"], "retry");
});

test("whoever fetches or looks at an incomplete folder hears what is missing", async (
  place,
  server,
  ana,
) => {
  ana.write("folder/a.txt", "a");
  Deno.symlinkSync("../../outside", ana.path("folder/outward"));
  assert.equal((await ana.ft("share", "folder")).code, 6);
  const ben = place.client("ben", server.address);
  const { code, stdout, stderr } = await ben.ft("fetch", "folder", "--json");
  const folder = wholeLines(stdout, code).find(({ kind }) => kind === "folder");
  assert.deepEqual([code, folder?.["missing"]], [0, 1]);
  assert.match(stderr, /^folder\/ {2}is incomplete on the server: 1 file is missing there$/m);
  const shown = (await done(ben, "info", "folder")).stdout;
  assert.match(shown, /^Files: +1$/m);
  assert.match(shown, /^Missing: +1$/m);
  assert.doesNotMatch(shown, /Digest/);
});

test("--json shows a code and a note as items, and never mixes lines with a file", async (
  place,
  server,
  ana,
) => {
  ana.write("a.txt", "secret");
  const shared = await ana.ft("share", "a.txt", "--secret", "--note", "for Ben", "--json");
  const code = wholeLines(shared.stdout, 0).find((line) => line["what"] === "code") as Line;
  assert.deepEqual(code["files"], ["a.txt"]);
  assert.ok(!shared.stderr.includes(code["code"]));
  const ben = place.client("ben", server.address);
  ben.write("code.txt", `${code["code"]}\n`);
  const fetched = await ben.ft("fetch", "a.txt", "--code-file", "code.txt", "--json");
  const note = wholeLines(fetched.stdout, 0).find((line) => line["what"] === "note");
  assert.deepEqual([note?.["name"], note?.["note"]], ["a.txt", "for Ben"]);
  ana.write("b.txt", "b");
  await done(ana, "share", "b.txt");
  assertFailed(await ana.ft("fetch", "b.txt", "--output", "-", "--json"), "usage", 2);
});

test("--json tells the state of each file that ft verify reads, and what is taken back", async (
  _,
  server,
  ana,
) => {
  ana.write("a.txt", "right");
  ana.write("b.txt", "fine");
  ana.write("folder/a/b.txt", "12345");
  await done(ana, "share", "a.txt", "b.txt", "folder");
  writeFile(server.path("shared_uploads/a.txt"), "wrong");
  const root = ["--root", server.root];
  const lines = wholeLines((await ana.ft("verify", "shared", ...root, "--json")).stdout, 7);
  const states = lines.flatMap((line) => line["what"] === "verified" ? line["state"] : []);
  assert.equal(states.length, 3);
  assert.ok(states.includes("ok") && /damaged|changed/.test(states.join()), states.join());
  const gone = wholeLines((await ana.ft("unshare", "b.txt", "none", "folder", "--json")).stdout, 5);
  const taken = gone.filter(({ kind }) => kind === "item");
  assert.deepEqual(taken.map((line) => [line["what"], line["name"], line["size"]]), [
    ["unshared", "b.txt", 4],
    ["unshared", "folder", 5],
  ]);
  const errors = gone.filter(({ kind }) => kind === "error");
  assert.deepEqual(errors.map((line) => [line["name"], line["code"]]), [["none", "not_found"]]);
});

Deno.test("ft serve --json writes its log as lines, without the token of its invite", async () => {
  await using place = new Place();
  const env = { FT_STATE: `${place.path}/owner` };
  const args = ["--host", "127.0.0.1", "--require-token", "--port", "0", "--root", "r", "--json"];
  const serve = place.start(ftCommand("serve", ...args), { env });
  const [, text = ""] = await serve.waitFor(/^(.*"what":"listening".*)\n/m);
  const [listening] = linesOf(`${text}\n`);
  const address: string = listening?.["address"];
  assert.deepEqual([listening?.["locked"], listening?.["encrypted"]], [true, true]);
  const ana = place.client("ana", address);
  const invite = await place.start(ftCommand("invite", "--root", "r", "--json"), { env }).finished;
  const line = wholeLines(invite.stdout, 0).find(({ kind }) => kind === "item");
  const link: string = line?.["invite"];
  await ana.piped(`${link}\n`, "join", "-", "nas");
  ana.write("a.txt", "a");
  await done(ana, "put", "a.txt", "--server", "nas");
  const refused = await ana.ft("get", "none.txt", "--server", "nas");
  assert.equal(refused.code, 5);
  await serve.waitFor(/"action":"get"/);
  serve.kill("SIGTERM");
  const { code, stdout } = await serve.finished;
  const lines = wholeLines(stdout, code);
  const transfers = lines.filter((one) => one["what"] === "transfer");
  assert.deepEqual(transfers.map((one) => [one["action"], one["failure"]?.code ?? null]), [
    ["put", null],
    // As a file, and then as a folder.
    ["get", "not_found"],
  ]);
  const token = link.slice(link.indexOf("#") + 1);
  assert.ok(token.length > 20 && !stdout.includes(token));
});

/** Asserts that a command fails in lines, in the way of its row of the table. */
function assertFailed({ code, stdout }: Finished, row: string, exit: number): Line {
  assert.equal(code, exit, stdout);
  const errors = wholeLines(stdout, exit).filter(({ kind }) => kind === "error");
  assert.deepEqual(errors.map((line) => [line["code"], line["exit"]]), [[row, exit]]);
  return errors[0] as Line;
}

test("a command line that is not understood is told in lines where they are asked for", async (
  place,
  _,
  ana,
) => {
  assertFailed(await ana.ft("put", "--jso", "--json"), "usage", 2);
  const known = await ana.ft("put", "--json");
  assertFailed(known, "usage", 2);
  assert.equal(linesOf(known.stdout)[0]?.["command"], "put");
  const env = { ...ana.env, FT_JSON: "yes" };
  assertFailed(await place.start(ftCommand("put"), { env }).finished, "usage", 2);
  const words = await ana.ft("put", "--", "--json");
  assert.equal(words.stdout, "");
});

test("a line shows no token of an invite", async (_, __, ana) => {
  const token = "s3cret".repeat(6);
  const end = await ana.ft(
    "list",
    "--json",
    "--server",
    `ft://127.0.0.1:5000/system#${token}!!x y`,
  );
  assertFailed(end, "usage", 2);
  assert.ok(!(end.stdout + end.stderr).includes(token));
});

test("nothing is asked where standard input is no terminal, and with --json not at all", async (
  place,
  server,
  ana,
) => {
  ana.write("a.txt", "a");
  await done(ana, "share", "a.txt");
  assert.match((await ana.ft("fetch")).stderr, /there is no terminal to ask on/);
  assertFailed(await ana.ft("fetch", "--json"), "usage", 2);
  await done(ana, "fetch", "--yes");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/a.txt")), "a");
  // A key that is not known stays a question of its own: --yes does not answer it.
  const ben = place.client("ben", server.address);
  const env = { ...ben.env, FT_TOKEN: "t0ken".repeat(5) };
  const asks = place.start(ftCommand("fetch", "--yes"), { cwd: ben.folder, env });
  assert.equal((await asks.finished).code, 4);
});

Deno.test({
  name: "ft with --json asks nothing on a terminal either",
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  const env = { ...ana.env, FT_TOKEN: "t0ken".repeat(5) };
  await using pty = new Pty(ftCommand("list", "--json"), { cwd: ana.folder, env });
  assert.equal(await pty.exit, 4);
  assert.match(pty.text, /"code":"identity"/);
  assert.doesNotMatch(pty.text, /Are they equal/);
});

test("a reader of lines that leaves ends a list quietly, and no transfer", async (
  place,
  server,
  ana,
) => {
  ana.write("big.bin", random.bytes(4 * MiB));
  const quoted = (args: string[]) => ftCommand(...args).map((word) => `'${word}'`).join(" ");
  const run = (line: string) =>
    place.start(["bash", "-c", `set -o pipefail; ${line}`], { cwd: ana.folder, env: ana.env })
      .finished;
  const listed = await run(`${quoted(["list", "--json"])} | true`);
  assert.deepEqual([listed.code, listed.stderr], [0, ""]);
  const full = await run(`${quoted(["list", "--json"])} > /dev/full`);
  assert.equal(full.code, 8);
  assert.match(full.stderr, /^Error: Cannot write to standard output: /);
  const shared = await run(`${quoted(["share", "big.bin", "--json", "-q"])} | true`);
  assert.deepEqual([shared.code, shared.stderr], [0, ""]);
  assert.equal(Deno.statSync(server.path("shared_uploads/big.bin")).size, 4 * MiB);
});

test("files that a command does not come to are counted as failed", async (_, __, ana) => {
  for (const name of ["a", "b", "c"]) ana.write(name, name);
  const args = ["put", "a", "b", "c", "--server", "127.0.0.1:1", "--json", "-q"];
  const { code, stdout } = await ana.ft(...args);
  const lines = wholeLines(stdout, code);
  assert.deepEqual(lines.map(({ kind }) => kind), ["started", "error", "summary"]);
  assert.deepEqual([code, lines[2]?.["files"], lines[2]?.["failed"]], [3, 0, 3]);
});
