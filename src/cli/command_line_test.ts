import { equal } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { KnownServers } from "../verbs/known_servers.ts";
import { parseArguments } from "./arguments.ts";
import { commandLine } from "./command_line.ts";

const KEY = `${"k".repeat(42)}A`;
const INVITE = `ft://10.0.0.5:7000/${KEY}#sEcReT`;

/** The line that goes on with what was typed. */
function lineFor(args: readonly string[]): string {
  const invocation = parseArguments(args, () => undefined);
  if (invocation.kind !== "run") throw new Error("It does not run.");
  return commandLine(invocation.command, invocation.operands, invocation.options);
}

Deno.test("commandLine() repeats what says how the server is reached", () => {
  using folder = temporaryFolder();
  const state = ["--state", folder.path];
  const all = ["--server", "nas", ...state, "--token-file", "a b", "--plain"];
  equal(
    lineFor(["put", "x.txt", ...all, "--trust-first"]),
    `ft put --server nas --token-file 'a b' --plain --state ${folder.path} x.txt`,
  );
  equal(lineFor(["put", "x.txt", ...state]), `ft put --state ${folder.path} x.txt`);
});

Deno.test("commandLine() repeats what of a folder is sent, and how it is compared", () => {
  using folder = temporaryFolder();
  const state = ["--state", folder.path];
  const chosen = [
    "--exclude",
    "*.o",
    "--exclude=-x y",
    "--links",
    "skip",
    "--compress",
    "on",
    "--checksum",
    "--dry-run",
  ];
  equal(
    lineFor(["put", "d", ...state, ...chosen]),
    "ft put --exclude '*.o' '--exclude=-x y' --links skip --compress on --checksum --dry-run " +
      `--state ${folder.path} d`,
  );
});

Deno.test("commandLine() repeats how fast, how often and how long", () => {
  using folder = temporaryFolder();
  const state = ["--state", folder.path];
  equal(
    lineFor(["get", "x", ...state, "--limit", "1.5MiB", "--retries=0", "--timeout", "90s"]),
    `ft get --limit 1536KiB/s --retries 0 --timeout 90s --state ${folder.path} x`,
  );
  equal(lineFor(["get", "x", ...state, "--retries=5"]), `ft get --state ${folder.path} x`);
});

Deno.test("commandLine() shows an address in place of an invite, or its name", () => {
  using folder = temporaryFolder();
  const state = ["--state", folder.path];
  const args = ["get", "x.txt", "-q", "--server", INVITE, ...state];
  equal(lineFor(args), `ft get --server 10.0.0.5:7000 --state ${folder.path} x.txt`);
  const endpoint = { hostname: "10.0.0.5", port: 7000 };
  new KnownServers(folder.path).save("nas", { endpoint, key: KEY, token: "sEcReT" });
  equal(lineFor(args), `ft get --server nas --state ${folder.path} x.txt`);
});
