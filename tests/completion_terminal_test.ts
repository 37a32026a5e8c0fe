/** The completions of the shells, typed in the shells themselves where they are installed. */
import assert from "node:assert/strict";
import { exists, namesIn } from "./files.ts";
import { done, ftCommand, installFt, Place } from "./process.ts";
import { Pty } from "./pty.ts";

/** How a shell is started with nothing of the user's, and how it reads the completion. */
interface Shell {
  readonly command: readonly string[];
  readonly setUp: string;
}

const SHELLS: Record<string, Shell> = {
  bash: {
    command: ["bash", "--noprofile", "--norc", "-i"],
    setUp: `PS1='ready> '; source <(ft completion bash)`,
  },
  zsh: {
    command: ["zsh", "-f", "-i"],
    setUp: `PS1='ready> '; autoload -U compinit; compinit -u -D; source <(ft completion zsh)`,
  },
  fish: {
    command: ["fish", "--no-config", "-i"],
    setUp: `function fish_prompt; echo -n 'ready> '; end; ft completion fish | source`,
  },
};

/** Names in which a shell finds work, if it is let. */
const HOSTILE = [
  "my file one.txt",
  "it's $(touch pwned).txt",
  "~tilde;touch pwned.txt",
  'dq"`touch pwned`.txt',
  "ünï*?[x]{y}.txt",
];

function isInstalled(program: string): boolean {
  const path = (Deno.env.get("PATH") ?? "").split(":");
  return Deno.build.os === "linux" && path.some((folder) => exists(`${folder}/${program}`));
}

for (const [name, { command, setUp }] of Object.entries(SHELLS)) {
  Deno.test({
    name: `ft completes in ${name}: commands, options, local and remote names`,
    ignore: !isInstalled(name),
  }, async () => {
    await using place = new Place();
    const server = await place.serve();
    const ana = place.client("ana", server.address);
    for (const file of HOSTILE) ana.write(file, file);
    Deno.mkdirSync(ana.path("a folder"));
    await done(ana, "share", ...HOSTILE);
    const env = {
      ...ana.env,
      PATH: `${installFt(place)}:${Deno.env.get("PATH")}`,
      // What a shell keeps of its own, and where ft looks for settings.
      XDG_DATA_HOME: place.path,
      XDG_CONFIG_HOME: place.path,
      LANG: "C.UTF-8",
      NODE_EXTRA_CA_CERTS: "",
    };
    await using pty = new Pty(command, { cwd: ana.folder, env, columns: 200, deadline: 60_000 });
    pty.send(`${setUp}\r`);
    // Once in what is typed, then as the prompt.
    await pty.waitFor("ready> '");
    await pty.waitFor("ready> ");

    /** Types the start of a line, and waits for what a press of Tab makes of it. */
    const completes = async (typed: string, wanted: string | RegExp) => {
      pty.send(`${typed}\t`);
      await pty.waitFor(wanted);
    };
    const leave = () => pty.send("\x15");
    await completes("ft fet", "ch");
    leave();
    await completes("ft fetch --on-c", "onflict");
    await completes("s", "kip");
    leave();
    await completes("ft fetch --server=127", server.address.slice(3));
    leave();
    await completes("ft put my", ".txt");
    leave();
    await completes("ft serve --root a", /folder\/?/);
    leave();
    // What is inserted for a name is that name, and not a word more than it.
    for (const [at, start] of ["my", "it", "\\~", "dq", "'my", '"it', "ü"].entries()) {
      await completes(`ft fetch --output got${at}/ ${start}`, /\.txt/);
      pty.send("\r");
      await pty.waitFor("100 %");
      await pty.waitFor("ready> ");
    }
    const [my, it, tilde, dq, odd] = HOSTILE;
    const expected = [my, it, tilde, dq, my, it, odd];
    for (const [at, file] of expected.entries()) {
      assert.deepEqual(namesIn(ana.path(`got${at}`)), [file]);
    }
    assert.ok(!exists(ana.path("pwned")) && !exists(ana.path("pwned.txt")));
    pty.send("exit\r");
    assert.equal(await pty.exit, 0);
  });
}

Deno.test("completion asks no server that is not known, and waits for none that is silent", async () => {
  await using place = new Place();
  const server = await place.serve();
  const ana = place.client("ana", server.address);
  const words = ["complete", "zsh", "--", "fetch", ""];
  const stranger = await ana.ft(...words);
  assert.deepEqual(stranger, { code: 0, stdout: "", stderr: "" });
  assert.equal((await done(ana, "trust")).stdout, "No server is known.\n");
  assert.deepEqual(server.log, []);

  await done(ana, "list");
  ana.write("a.txt", "a");
  await done(ana, "share", "a.txt");
  assert.equal((await ana.ft(...words)).stdout, "words\na.txt\n");
  const power = await ana.ft("complete", "powershell", "--", "fetch", "=");
  assert.equal(power.stdout, "words\na.txt\n");
  // The number that was shown last still means what it meant: nothing.
  assert.match((await ana.ft("fetch", "1")).stderr, /no number 1 in the last list/);

  const { port } = server;
  server.running.kill("SIGKILL");
  await server.running.finished;
  using silent = Deno.listen({ hostname: "127.0.0.1", port });
  const begun = performance.now();
  const end = await ana.ft(...words);
  assert.deepEqual(end, { code: 0, stdout: "", stderr: "" });
  assert.ok(performance.now() - begun < 8_000);
  assert.equal(silent.addr.port, port);
  const env = { ...ana.env, FT_CONFIG: "/no/such/file" };
  const broken = await place.start(ftCommand(...words), { env }).finished;
  assert.deepEqual(broken, { code: 0, stdout: "", stderr: "" });
});
