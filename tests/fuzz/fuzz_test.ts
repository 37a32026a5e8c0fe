/** A few values of every fuzz target in each run, and all that ever failed; run.ts does more. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { seed } from "../random.ts";
import { fileOfKept, parseKept, readKept, textOfKept } from "./kept.ts";
import { fuzz, outcome, type Target, target } from "./target.ts";
import { TARGETS } from "./targets.ts";

for (const one of TARGETS) {
  Deno.test(`fuzz: ${one.name}, ${one.cases} values (FT_SEED=${seed})`, async () => {
    assert.ok(await fuzz(one, { seed, cases: one.cases }) > 0);
    await lingering(one);
  });
}

for (const [file, { target, value }] of readKept()) {
  Deno.test(`fuzz: kept/${file} fails no more`, async () => {
    const [found] = TARGETS.filter(({ name }) => name === target);
    assert.ok(found !== undefined, `there is no target '${target}'`);
    assert.ok(
      file.startsWith(fileOfKept(target).split("_WHAT")[0] ?? "?"),
      "its name says of what",
    );
    await found.tryOne(value);
    await lingering(found);
  });
}

/** Waits for timers that nobody can end, which would be taken for leaks. */
async function lingering({ lingers }: Target): Promise<void> {
  if (lingers !== undefined) await new Promise((resolve) => setTimeout(resolve, lingers));
}

Deno.test("fuzz: a target's name is its own", () => {
  const names = TARGETS.map(({ name }) => name);
  assert.deepEqual([...new Set(names)], names);
});

Deno.test("fuzz: a failing value is shrunk, shown, and can be kept and tried again", async () => {
  const short = target("short", 1, fc.record({ bytes: fc.uint8Array() }), ({ bytes }) => {
    assert.ok(bytes.length < 3, "too long");
  });
  const failure = await fuzz(short, { seed: 1, cases: 100 }).then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.ok(failure instanceof Error);
  const [, path] = /FT_FUZZ_SEED=1 FT_FUZZ_PATH=(\S+) /.exec(failure.message) ?? [];
  await assert.rejects(fuzz(short, { seed: 1, path }), /failed after 1 values/);
  const kept = parseKept(failure.message.slice(failure.message.indexOf("{\n")));
  assert.deepEqual(kept.value, { bytes: new Uint8Array(3) });
  assert.equal(kept.target, "short");
  await assert.rejects(short.tryOne(kept.value), /too long/);
  await short.tryOne({ bytes: new Uint8Array(2) });
});

Deno.test("fuzz: what is kept is read as it was written", () => {
  const value = [{ bytes: new Uint8Array([0, 255]), text: "\ud800\0é", none: null }, -0.5, true];
  const kept = { target: "names", why: "for this test", value };
  assert.deepEqual(parseKept(textOfKept(kept)), kept);
});

Deno.test("fuzz: a rejection that nobody waits for fails its value", async () => {
  const careless = target("careless", 1, fc.constant(0), async () => {
    Promise.reject(new Error("nobody hears"));
    await Promise.resolve();
  });
  await assert.rejects(careless.tryOne(0), /a rejection was not handled/);
});

Deno.test("fuzz: an error of another kind or code is a failure", () => {
  const act = () => {
    throw new TypeError("oops");
  };
  assert.throws(() => outcome(["usage"], act), /not an FtError/);
});
