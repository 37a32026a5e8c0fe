/**
 * `deno task fuzz`: the fuzz targets for as long as one likes. First what is kept is tried again,
 * then every target has its part of the time.
 *
 * - `FT_FUZZ_SECONDS`: how long in all, 300 when it is not said.
 * - `FT_FUZZ_SEED`: repeats the values of another run.
 * - `FT_FUZZ_TARGET`: only the targets whose name has this in it.
 * - `FT_FUZZ_PATH`: begins at one value, as the report of a failure says.
 *
 * @module
 */
import { readKept } from "./kept.ts";
import { fuzz } from "./target.ts";
import { TARGETS } from "./targets.ts";

const seconds = Number(Deno.env.get("FT_FUZZ_SECONDS") ?? 300);
const seed = Number(Deno.env.get("FT_FUZZ_SEED") ?? Date.now() & 0x7fffffff);
const only = Deno.env.get("FT_FUZZ_TARGET") ?? "";
const path = Deno.env.get("FT_FUZZ_PATH");

const write = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
const print = (text: string) => write(`${text}\n`);

/** Tells of a failure; Deno's own rendering shows causes too. */
function failed(what: string, thrown: unknown): void {
  Deno.exitCode = 1;
  print(`${what}FAILED\n${Deno.inspect(thrown)}`);
}

const targets = TARGETS.filter(({ name }) => name.includes(only));
if (targets.length === 0 || !(seconds > 0) || !Number.isInteger(seed)) {
  print("FT_FUZZ_TARGET, FT_FUZZ_SECONDS or FT_FUZZ_SEED means nothing.");
  Deno.exit(2);
}
print(`seed ${seed}, ${seconds} seconds for ${targets.length} targets`);
for (const [file, { target, value }] of readKept()) {
  await targets.find(({ name }) => name === target)?.tryOne(value)
    .catch((thrown) => failed(`kept/${file}: `, thrown));
}
const milliseconds = seconds * 1000 / targets.length;
for (const target of targets) {
  // Told first: a value that blocks for ever is of the target whose name came last.
  write(`${target.name}: `);
  const began = performance.now();
  try {
    const count = await fuzz(target, { seed, path, milliseconds });
    const took = Math.round((performance.now() - began) / 1000);
    print(`${count} values in ${took} s, none fails`);
  } catch (thrown) {
    failed("", thrown);
  }
}
