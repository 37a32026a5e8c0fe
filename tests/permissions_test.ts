import assert from "node:assert/strict";
import { writeFile } from "./files.ts";
import { ftCommand, Place, type StartOptions } from "./process.ts";
import { fileURLToPath } from "node:url";
import { writeServing } from "../src/verbs/serving.ts";
import { type OptionName, OPTIONS, variableOf } from "../src/cli/table.ts";
import { Pty } from "./pty.ts";

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));

/** Each option that something else than the command line may say, with its variable. */
const VARIABLES = (Object.keys(OPTIONS) as OptionName[]).flatMap((name) => {
  const variable = variableOf(name);
  return variable === undefined ? [] : [[name, variable] as const];
});

/** Every permission that ft ships with, and why it cannot do without. */
const REASONS = {
  read: "the files a user names can lie anywhere",
  write: "so can the folders that downloads, rooms and state go to",
  net: "servers listen where the user says, and clients dial whom the user says",
  env: {
    ...Object.fromEntries(VARIABLES.map(([name, variable]) => [variable, `stands for --${name}`])),
    FT_CODE: "the code of a secret share, which is never an argument",
    FT_TOKEN: "the token of a server, which is never an argument",
    FT_CONFIG: "where the config file is when the user says so",
    NO_COLOR: "whether colours are unwanted",
    TERM: "whether the terminal is dumb",
    HOME: "where the state is kept on Unix, and what ~/ means in the menu",
    XDG_STATE_HOME: "where the state is kept on Linux when the user says so",
    XDG_CONFIG_HOME: "the same of the config file",
    LOCALAPPDATA: "where the state is kept on Windows",
    APPDATA: "the same of the config file",
    DENO_CERT: "whether the runtime trusts more authorities than the public ones",
    DENO_TLS_CA_STORE: "the same",
    NODE_EXTRA_CA_CERTS: "the same",
  },
  sys: {
    networkInterfaces: "at which addresses others reach a server, for its invites",
    statfs: "how much space is left where uploads go",
    ca: "whom the system trusts, for a server that is known by its name",
    uid: "whether a config file is the user's own",
  },
};

/** Permissions that ft must never have: each is a way out for whoever takes it over. */
const NEVER = ["run", "ffi", "import", "all"];

function shipped(): Record<string, unknown> {
  return JSON.parse(Deno.readTextFileSync(CONFIG)).permissions.default;
}

Deno.test("deno.json grants ft what is named here with its reason, and nothing else", () => {
  const { read, write, net, env, sys, ...more } = shipped();
  assert.deepEqual({ read, write, net }, { read: true, write: true, net: true });
  // Variables that are not listed read as unset; the dependencies look for some.
  assert.deepEqual(env, { allow: Object.keys(REASONS.env), ignore: true });
  // By name: all of sys would tell what else runs here, and for whom.
  assert.deepEqual(sys, Object.keys(REASONS.sys));
  assert.deepEqual(more, {});
  for (const name of NEVER) assert.ok(!(name in shipped()), name);
});

/** What a program asked for: lines of Deno's audit log. */
function asked(log: string): Map<string, Set<string>> {
  const kinds = new Map<string, Set<string>>();
  for (const line of Deno.readTextFileSync(log).split("\n")) {
    if (line === "") continue;
    const { permission, value } = JSON.parse(line);
    kinds.set(permission, (kinds.get(permission) ?? new Set()).add(String(value)));
  }
  return kinds;
}

/** Fails unless a program asked for nothing but what ft ships with; tells the variables it read. */
function assertModest(log: string, what: string): Set<string> {
  const kinds = asked(log);
  for (const kind of kinds.keys()) {
    assert.ok(kind in REASONS, `${what} asks for ${kind}: ${[...kinds.get(kind) ?? []].join(" ")}`);
  }
  for (const name of kinds.get("sys") ?? []) {
    assert.ok(name in REASONS.sys, `${what} asks for sys ${name}`);
  }
  const variables = kinds.get("env") ?? new Set();
  for (const name of variables) assert.ok(name in REASONS.env, `${what} reads ${name}`);
  return variables;
}

Deno.test("no command of ft asks for a permission that it has not", async () => {
  await using place = new Place();
  const log = (name: string) => `${place.path}/audit ${name}`;
  const audit = (name: string) => ({ DENO_AUDIT_PERMISSIONS: log(name) });
  const server = await place.serve({ env: audit("serve") });
  const ana = place.client("ana", server.address);
  ana.write("a.txt", "a");
  ana.write("big.bin", new Uint8Array(3 * 1024 * 1024));
  writeFile(server.path("shared_files/p.txt"), "p");
  const read = new Set<string>();
  const run = async (name: string, args: readonly string[], options: StartOptions = {}) => {
    const env = { ...ana.env, ...options.env, ...audit(name) };
    const start = { cwd: ana.folder, ...options, env };
    const { code, stderr } = await place.start(ftCommand(...args), start).finished;
    assert.equal(code, 0, `${name}: ${stderr}`);
    for (const variable of assertModest(log(name), name)) read.add(variable);
  };
  await run("put", ["put", "a.txt", "big.bin"]);
  await run("share", ["share", "a.txt", "big.bin"]);
  await run("put -", ["put", "-", "--name", "piped.txt"], { input: "piped" });
  await run("get", ["get", "p.txt"]);
  await run("get -", ["get", "p.txt", "--output", "-"]);
  await run("fetch", ["fetch", "a.txt", "big.bin"]);
  await run("fetch again", ["fetch", "big.bin", "--on-conflict", "overwrite"]);
  const secret = await place.start(ftCommand("share", "a.txt", "--secret", "--name", "s.txt"), {
    cwd: ana.folder,
    env: { ...ana.env, ...audit("secret share") },
  }).finished;
  for (const variable of assertModest(log("secret share"), "secret share")) read.add(variable);
  await run("secret fetch", ["fetch", "s.txt", "-o", "s"], { env: { FT_CODE: secret.stdout } });
  await run("list", ["list"]);
  await run("list sorted", ["list", "--sort", "size", "--match", "*"]);
  await run("info", ["info", "a.txt", "shared"]);
  await run("mine", ["mine"]);
  await run("unshare", ["unshare", "s.txt"]);
  await run("verify", ["verify", "--root", server.root]);
  ana.write("folder/a.txt", "a");
  await run("folder", ["share", "folder", "--exclude", "*.o"]);
  await run("retry", ["retry"]);
  await run("sum", ["sum", "big.bin"]);
  await run("partials", ["partials"]);
  await run("partials clear", ["partials", "clear", server.root]);
  const nas = "ft://127.0.0.1:1/system\n";
  await run("join", ["join", "-", "nas"], { input: nas });
  await run("trust", ["trust"]);
  await run("trust forget", ["trust", "forget", "nas"]);
  const root = `${place.path}/root`;
  writeServing(root, { hosts: ["0.0.0.0"], port: 1, key: "system", locked: true });
  await run("invite", ["invite", "--new", "--root", root]);
  const served = ["--root", server.root];
  await run("token add", ["token", "add", "ana", "--allow", "put", "--expires", "7d", ...served]);
  await run("token list", ["token", "list", ...served]);
  await run("token revoke", ["token", "revoke", "ana", ...served]);
  const config = `${place.path}/config`;
  Deno.writeTextFileSync(config, "retries = 3\n", { mode: 0o600 });
  await run("config", ["config", "show"], { env: { FT_CONFIG: config } });
  await run("json", ["list", "--json"], { env: { FT_CONFIG: config } });
  await run("completion", ["completion", "bash"]);
  await run("complete", ["complete", "zsh", "--", "fetch", ""]);
  await run("manual", ["manual"]);
  await run("help", ["help", "put"]);
  await run("version", ["--version"]);
  await run("client", ["client"], { input: "1\na.txt\n4\n1\nq\n" });
  // Without FT_STATE the state is kept where the platform keeps such things.
  const home = { FT_STATE: "", HOME: ana.path("home"), XDG_STATE_HOME: ana.path("home/state") };
  await run("state", ["list"], { env: home });
  server.running.kill("SIGTERM");
  assert.equal((await server.running.finished).code, 0);
  // What stands for the options of 'ft serve' is read by the server.
  for (const name of assertModest(log("serve"), "serve")) read.add(name);
  const others = ["FT_CODE", "FT_TOKEN", "FT_CONFIG"];
  for (const name of [...others, ...VARIABLES.map(([, variable]) => variable)]) {
    assert.ok(read.has(name), `nothing reads ${name}`);
  }
});

Deno.test({
  name: "the menu and the bars on a terminal ask for no permission that ft has not",
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  ana.write("a.txt", "a");
  const log = `${place.path}/audit`;
  const env = { ...ana.env, NO_COLOR: "", DENO_AUDIT_PERMISSIONS: log };
  await using pty = new Pty(ftCommand("client"), { cwd: ana.folder, env });
  await pty.waitFor("Enter your choice:");
  pty.send("3\r");
  await pty.waitFor("Tab completes");
  pty.send("a\t\r");
  await pty.waitFor("100 %");
  await pty.waitFor("Enter your choice:");
  pty.send("4\r");
  await pty.waitFor("1. a.txt");
  await pty.waitFor("Tab completes");
  pty.send("\r");
  await pty.waitFor("100 %");
  await pty.waitFor("Enter your choice:");
  pty.send("q\r");
  assert.equal(await pty.exit, 0);
  assert.ok(assertModest(log, "client").has("TERM"));
});

const PROBE = `
const asks = {
  run: () => new Deno.Command("true").outputSync(),
  sys: () => Deno.hostname(),
  ffi: () => Deno.dlopen("/none.so", {}),
  env: () => { if (Deno.env.get("FT_PROBE") === undefined) throw new Deno.errors.NotCapable(); },
};
for (const [name, ask] of Object.entries(asks)) {
  try {
    ask();
    console.log(name, "granted");
  } catch (thrown) {
    console.log(name, thrown instanceof Deno.errors.NotCapable ? "refused" : thrown);
  }
}
`;

Deno.test("what asks for more than ft ships with fails", async () => {
  await using place = new Place();
  writeFile(`${place.path}/probe.js`, PROBE);
  const flags = ["run", "-q", "-P", "--no-prompt", "--no-lock", "--config", CONFIG];
  const command = [Deno.execPath(), ...flags, `${place.path}/probe.js`];
  const log = `${place.path}/audit`;
  const env = { FT_PROBE: "1", DENO_AUDIT_PERMISSIONS: log };
  const { stdout } = await place.start(command, { env }).finished;
  const refused = ["run", "sys", "ffi", "env"].map((name) => `${name} refused\n`).join("");
  assert.equal(stdout, refused);
  assert.throws(() => assertModest(log, "the probe"), /the probe(: sys hostname| asks for ffi)/);
});
