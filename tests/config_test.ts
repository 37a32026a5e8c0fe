/** The config file and the environment, as commands heed and show them. */
import assert from "node:assert/strict";
import { wholeLines } from "./json_lines.ts";
import { type Finished, ftCommand, test } from "./process.ts";

test("commands heed the config file, below the environment and the command line", async (
  place,
  server,
  ana,
) => {
  const file = `${place.path}/config`;
  const write = (text: string) => Deno.writeTextFileSync(file, text, { mode: 0o600 });
  const run = (args: string[], env: Record<string, string> = {}): Promise<Finished> => {
    const all = { FT_STATE: ana.env["FT_STATE"] ?? "", FT_CONFIG: file, ...env };
    return place.start(ftCommand(...args), { cwd: ana.folder, env: all }).finished;
  };
  ana.write("a.txt", "a");
  write(`# Where I send to.\nserver = ${server.address}\n\n[fetch]\noutput = in/\n`);
  assert.equal((await run(["share", "a.txt"])).code, 0);
  assert.equal((await run(["fetch", "a.txt"])).code, 0);
  assert.equal(Deno.readTextFileSync(ana.path("in/a.txt")), "a");
  assert.equal((await run(["fetch", "a.txt"], { FT_OUTPUT: "env/" })).code, 0);
  assert.equal(Deno.readTextFileSync(ana.path("env/a.txt")), "a");
  assert.equal((await run(["fetch", "a.txt", "-o", "line/"], { FT_OUTPUT: "env2/" })).code, 0);
  assert.equal(Deno.readTextFileSync(ana.path("line/a.txt")), "a");

  assert.equal((await run(["config", "path"])).stdout, `${file}\n`);
  const general = await run(["config", "show"], { FT_RETRIES: "7" });
  for (
    const line of [
      `server = ${server.address}  (${file}:2)`,
      "retries = 7  (FT_RETRIES)",
      "port = 5000  (default)",
      "output = downloads/  (default)",
      "quota is not set  (default)",
      `output = in/  (${file}:5)`,
    ]
  ) assert.ok(general.stdout.split("\n").includes(line), `${line}\n${general.stdout}`);
  assert.match(general.stdout, /^\[fetch\]\noutput = in\/ /m);
  const lines = wholeLines((await run(["config", "show", "fetch", "--json"])).stdout, 0);
  const output = lines.find((line) => line["name"] === "output");
  const { command, value, origin, source } = output ?? { kind: "", v: 0 };
  assert.deepEqual([command, value, origin, source], ["fetch", "in/", "file", `${file}:5`]);

  write("[share]\nexclude = *.o\n\nexclude = *.tmp\n");
  const lists = (await run(["config", "show", "share"])).stdout.split("\n");
  assert.ok(lists.includes(`exclude = *.o  (${file}:2)`), lists.join("\n"));
  assert.ok(lists.includes(`exclude = *.tmp  (${file}:4)`), lists.join("\n"));

  write("server = nas\nretrys = 3\n");
  for (const args of [["list"], ["serve"], ["config", "show"]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `Error: ${file}:2: There is no option 'retrys'.\n  Did you mean retries?\n`,
    );
  }
  for (const args of [["config", "path"], ["help"], ["put", "--help"], ["completion", "zsh"]]) {
    assert.equal((await run(args)).code, 0);
  }
  write("retries = 3\n");
  Deno.chmodSync(file, 0o666);
  assert.match((await run(["list"])).stderr, /can be changed by other users\.\n.*chmod go-w/);
});

test("ft config shows no token that stands in the file or the environment", async (
  place,
  _,
  ana,
) => {
  const token = "s3cret".repeat(6);
  const env = { ...ana.env, FT_SERVER: `ft://127.0.0.1:5000/system#${token}` };
  for (const more of [[], ["--json"]]) {
    const { code, stdout, stderr } = await place.start(ftCommand("config", "show", ...more), {
      env,
    })
      .finished;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /ft:\/\/127\.0\.0\.1:5000\/system#\.\.\./);
    assert.ok(!(stdout + stderr).includes(token));
  }
});
