import assert from "node:assert/strict";
import { writeServing } from "../src/verbs/serving.ts";
import { exists } from "./files.ts";
import { assertFails } from "./identity.ts";
import { done, ftCommand, Place, test } from "./process.ts";

const PIN = `${"k".repeat(42)}A`;
/** A server that nobody runs. */
const NOWHERE = "127.0.0.1:1";
const INVITE = `ft://${NOWHERE}/${PIN}#sEcReTsEcReTsEcReT`;

/** Runs a body with a place and a user of no server. */
function alone(
  name: string,
  body: (place: Place, ana: ReturnType<Place["client"]>) => Promise<void>,
) {
  Deno.test(name, async () => {
    await using place = new Place();
    await body(place, place.client("ana", NOWHERE));
  });
}

alone("ft join saves a server that is not there yet, which then has its name", async (_, ana) => {
  const { code, stdout, stderr } = await ana.piped(`${INVITE}\nmore\n`, "join", "-", "nas");
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    `Saved ${NOWHERE} as 'nas': SHA256:${PIN}.\nUse it with: ft client nas, or --server nas\n`,
  );
  assert.match(stderr, /^Not verified yet: Connection refused\.\n {2}.*\n {2}It is saved/);
  assert.equal((await done(ana, "trust")).stdout, `nas  ${NOWHERE}  SHA256:${PIN}\n`);
  assertFails(await ana.ft("list", "--server", "nas"), 3, /^Error: Connection refused\./);
  assertFails(await ana.ft("list", "--server", "nas", "--plain"), 2, /known to encrypt/);
  assert.equal((await done(ana, "trust", "forget", "nas")).stdout, "Forgotten: nas.\n");
  assert.equal((await done(ana, "trust", "list")).stdout, "No server is known.\n");
  assertFails(await ana.ft("trust", "forget", "nas"), 5, /No server 'nas' is known/);
});

alone("ft join without a name saves a server under its address", async (_, ana) => {
  const { stdout, stderr } = await done(ana, "join", INVITE);
  assert.equal(
    stdout,
    `Saved ${NOWHERE}: SHA256:${PIN}.\n` +
      `Use it with: ft client ${NOWHERE}, or --server ${NOWHERE}\n`,
  );
  assert.match(stderr, /^Note: 'ps' and the shell's history show an invite.*'ft join -'/);
  assert.equal((await done(ana, "trust")).stdout, `${NOWHERE}  SHA256:${PIN}\n`);
  assert.doesNotMatch((await done(ana, "join", INVITE, "-q")).stderr, /Note/);
  assertFails(await ana.ft("list", "--plain"), 2, /known to encrypt/);
});

alone("an invite that is typed gets a hint; one from the environment does not", async (_, ana) => {
  for (
    const args of [["list", "--server", INVITE], ["client", INVITE], ["list", `--server=${INVITE}`]]
  ) {
    const { stderr } = await ana.piped("4\nq\n", ...args);
    assert.equal(stderr.match(/^Note: 'ps'/gm)?.length, 1, stderr);
    assert.match(stderr, /^Error: Connection refused/m);
  }
  ana.env["FT_SERVER"] = INVITE;
  assert.doesNotMatch((await ana.ft("list")).stderr, /Note/);
});

alone("no mistake with an invite or a token shows the token", async (place, ana) => {
  const broken = INVITE.replace(PIN, PIN.slice(1));
  const mistakes: readonly string[][] = [
    ["join", broken],
    ["join", "sEcReT"],
    ["join", INVITE, "a/b"],
    ["join", INVITE, INVITE],
    ["join", INVITE, "nas", INVITE],
    ["join", INVITE, "--plain"],
    ["list", "--server", broken],
    ["list", "--server", `${INVITE}\n`],
    ["client", broken],
    ["list", INVITE],
    ["list", `--plain=${INVITE}`],
    ["list", "--server", INVITE, "--plain"],
    ["trust", "list", INVITE],
    ["trust", "forget", INVITE],
    [INVITE],
  ];
  for (const args of mistakes) assertFails(await ana.ft(...args), 2, /^Error: /m);
  assertFails(await ana.piped(`${broken}\n`, "join", "-"), 2, /The invite is not complete/);
  for (const nothing of ["", "\n", " \nft://"]) {
    assertFails(await ana.piped(nothing, "join", "-"), 2, /no invite on standard input/);
  }
  ana.write("token", "sEcReT sEcReT\n");
  assertFails(
    await ana.ft("list", "--token-file", "token"),
    2,
    /first line of 'token' is no token/,
  );
  assertFails(await ana.ft("list", "--token-file", "none"), 2, /'none' cannot be read/);
  ana.env["FT_TOKEN"] = "sEcReT sEcReT";
  assertFails(await ana.ft("list"), 2, /FT_TOKEN is no token/);
  ana.env["FT_SERVER"] = broken;
  assertFails(await ana.ft("list"), 2, /The invite is not complete/);
  assert.ok(!exists(`${place.path}/state of ana/servers`));
});

alone("a server without encryption is joined and used only with --plain", async (_, ana) => {
  const invite = `ft://${NOWHERE}/plain`;
  assertFails(await ana.ft("join", "-q", invite, "box"), 2, /without encryption[^]*--plain/);
  assertFails(await ana.ft("list", "-q", "--server", invite), 2, /without encryption[^]*--plain/);
  const off = /^Encryption is off \(--plain\): everybody on the way can read and change/gm;
  const joined = await done(ana, "join", "-q", invite, "box", "--plain");
  assert.equal(joined.stdout.split("\n")[0], `Saved ${NOWHERE} as 'box': without encryption.`);
  assert.equal(joined.stderr.match(off)?.length, 1);
  assertFails(await ana.ft("list", "--server", "box"), 2, /without encryption/);
  const { stderr } = await ana.piped("4\n4\nq\n", "client", "box", "--plain", "-q");
  assert.equal(stderr.match(off)?.length, 1, stderr);
});

alone("a state that is damaged is told of by its file", async (place, ana) => {
  await done(ana, "join", INVITE, "nas");
  Deno.writeTextFileSync(`${place.path}/state of ana/servers/nas`, INVITE.replace("/k", "/"));
  for (const args of [["list", "--server", "nas"], ["trust"]]) {
    assertFails(await ana.ft(...args), 8, /servers\/nas' is damaged/);
  }
  await done(ana, "join", INVITE, "nas");
  await done(ana, "trust");
});

alone("ft trust forget needs to know which", async (_, ana) => {
  assertFails(await ana.ft("trust", "forget"), 2, /needs a SERVER/);
  assertFails(await ana.ft("trust", "list", "nas"), 2, /Unexpected operand 'nas'/);
});

alone("ft invite shows how the server of a root is joined", async (place, ana) => {
  const root = `${place.path}/root`;
  assertFails(await ana.ft("invite", "--root", root), 5, /Nothing was served from/);
  writeServing(root, { hosts: ["0.0.0.0", "::1"], port: 5000, key: PIN, locked: true });
  const ft = async (...args: string[]) =>
    (await done(ana, "invite", "--root", root, ...args)).stdout;
  const line = String.raw`ft join 'ft://(\[[0-9a-f:]+\]|[0-9.]+):5000/${PIN}#[\w-]+'\n`;
  const first = await ft("--new");
  assert.match(first, new RegExp(`^(${line})+$`));
  assert.match(first, /^ft join 'ft:\/\/\[::1\]:5000\//m);
  assert.equal(await ft(), first);
  assert.notEqual(await ft("--new"), first);
  writeServing(root, { hosts: ["127.0.0.1"], port: 5000, key: PIN, locked: false });
  assertFails(await ana.ft("invite", "--new", "--root", root), 2, /asks for no token/);
});

test("no token travels to a server that is not known, nor off a terminal to any", async (
  place,
  _server,
  ana,
) => {
  ana.env["FT_TOKEN"] = "t0ken".repeat(5);
  const says = /is not known yet; its key is SHA256:[\w-]{43}\.\n {2}Compare.*--trust-first/;
  assertFails(await ana.ft("list"), 4, says);
  const menu = await place.start(ftCommand("client"), {
    cwd: ana.folder,
    env: ana.env,
    input: "4\ny\nq\n",
  }).finished;
  assert.equal(menu.code, 0);
  assert.match(menu.stderr, says);
  assert.equal((await done(ana, "trust")).stdout, "No server is known.\n");
});
