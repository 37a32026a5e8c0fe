import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Finished, namesIn, Place, type StartOptions, writeFile } from "./process.ts";
import { Random, seed } from "./random.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MiB = 1024 * 1024;

/** The bundle in a folder of its own, started with the permissions of deno.json. */
class Bundle {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  static async make(place: Place): Promise<Bundle> {
    const command = [Deno.execPath(), "bundle", "-q", "--output", `${place.path}/ft.js`, "main.ts"];
    const { code, stderr } = await place.start(command, { cwd: ROOT }).finished;
    assert.equal(code, 0, stderr);
    return new Bundle(place);
  }

  command(...args: string[]): string[] {
    const start = [Deno.execPath(), "run", "-q", "-P", "--config", `${ROOT}deno.json`];
    return [...start, "--no-prompt", `${this.#place.path}/ft.js`, ...args];
  }

  ft(options: StartOptions, ...args: string[]): Promise<Finished> {
    return this.#place.start(this.command(...args), options).finished;
  }
}

Deno.test(`The bundle serves, sends, takes and asks as ft does, seed ${seed}`, async () => {
  await using place = new Place();
  const bundle = await Bundle.make(place);
  const serve = bundle.command("serve", "--port", "0", "--root", "server");
  const server = place.start(serve);
  const [, address = ""] = await server.waitFor(/Listening as (\S+)$[^]*^Waiting/m);

  const options = (name: string, input?: string) => {
    const folder = `${place.path}/${name}`;
    Deno.mkdirSync(folder, { recursive: true });
    const env = { FT_SERVER: address, FT_STATE: `${place.path}/state of ${name}` };
    return { cwd: folder, env, ...(input === undefined ? {} : { input }) };
  };
  const ft = async (name: string, ...args: string[]) => {
    const { code, stdout, stderr } = await bundle.ft(options(name), ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const digest = async (path: string) => (await ft("ana", "sum", path)).split(" ", 1)[0];
  const files = { "empty.bin": 0, "small.bin": 1024, "odd näme.bin": 3 * MiB + 1 };
  const names = Object.keys(files);
  const random = new Random(seed);
  for (const [name, size] of Object.entries(files)) {
    writeFile(`${place.path}/ana/${name}`, random.bytes(size));
    writeFile(`${place.path}/server/shared_files/${name}`, random.bytes(size));
  }
  const same = async (one: string, two: string) => {
    assert.equal(await digest(`${place.path}/${one}`), await digest(`${place.path}/${two}`));
  };

  await ft("ana", "put", ...names);
  await ft("ana", "share", ...names);
  await ft("ben", "get", ...names, "--output", "public/");
  const listed = await ft("ben", "list");
  await ft("ben", "fetch", ...names, "--output", "shared/");
  for (const name of names) {
    assert.ok(listed.includes(name), listed);
    await same(`ana/${name}`, `server/uploads/${name}`);
    await same(`ana/${name}`, `ben/shared/${name}`);
    await same(`server/shared_files/${name}`, `ben/public/${name}`);
  }

  const code = await ft("ana", "share", "odd näme.bin", "--secret", "--hide-name", "-q");
  const hidden = namesIn(`${place.path}/server/shared_uploads`).find((name) => name.length === 36);
  writeFile(`${place.path}/ben/code`, code);
  await ft("ben", "fetch", hidden ?? "", "--code-file", "code", "--output", "secret/");
  await same("ana/odd näme.bin", "ben/secret/odd näme.bin");

  const answers = "1\n../ana/small.bin\n2\nempty.bin\n3\n../ana/small.bin\n4\nsmall.bin\nq\n";
  const menu = await bundle.ft(options("cleo", answers), "client");
  assert.equal(menu.code, 0, menu.stderr);
  assert.match(menu.stdout, /^--- File Transfer Client ---$/m);
  assert.equal(namesIn(`${place.path}/cleo/downloads`).length, 2);
  // Another owner's file of the same name and bytes.
  assert.equal(namesIn(`${place.path}/server/uploads`).length, names.length + 1);

  assert.match(await ft("ana", "help", "fetch"), /^Usage: ft fetch/);
  server.kill("SIGTERM");
  assert.equal((await server.finished).code, 0);
});
