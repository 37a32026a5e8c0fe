import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { exists, type Finished, namesIn, Place } from "../process.ts";

const SCRIPT = fileURLToPath(new URL("./compile.ts", import.meta.url));

function compile(place: Place, env: Record<string, string>): Promise<Finished> {
  const command = [Deno.execPath(), "run", "-q", "-P=tests", SCRIPT, `${place.path}/ft`];
  return place.start(command, { env }).finished;
}

/** Where this Deno keeps what it downloads. */
async function cache(place: Place): Promise<string> {
  const { stdout } = await place.start([Deno.execPath(), "info", "--json"]).finished;
  return JSON.parse(stdout).denoDir;
}

Deno.test("compile says what DENORT_BIN gave when it is not ft, and leaves nothing", async () => {
  await using place = new Place();
  const { code, stdout, stderr } = await compile(place, { DENORT_BIN: Deno.execPath() });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^Cannot compile: .* not 'ft [0-9.]+'\. DENORT_BIN must name .*\n$/);
  assert.deepEqual(namesIn(place.path), []);
});

Deno.test("compile says in one line that the base runtime cannot be downloaded", async () => {
  await using place = new Place();
  // A cache with every package and no base runtime, and a way out that leads nowhere.
  Deno.mkdirSync(`${place.path}/cache`);
  Deno.symlinkSync(`${await cache(place)}/npm`, `${place.path}/cache/npm`);
  const nowhere = "http://127.0.0.1:1";
  const { code, stdout, stderr } = await compile(place, {
    DENO_DIR: `${place.path}/cache`,
    HTTPS_PROXY: nowhere,
    https_proxy: nowhere,
    NO_PROXY: "",
    no_proxy: "",
  });
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^Cannot compile for \S+: https:\S+ cannot be downloaded\. .*DENORT_BIN\.\n$/,
  );
  assert.equal(exists(`${place.path}/ft`), false);
});
