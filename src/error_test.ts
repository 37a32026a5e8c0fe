import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type FailureCode, FAILURES, FtError, toFailure, toFailureCode } from "./error.ts";

Deno.test("FAILURES uses the exit codes of the command line and no others", () => {
  const exits = new Set(Object.values(FAILURES).map(({ exit }) => exit));
  assert.deepEqual([...exits].sort((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);
});

Deno.test("FAILURES says everything in a sentence, and its codes are words of the wire", () => {
  for (const [code, { sentence }] of Object.entries(FAILURES)) {
    assert.match(sentence, /^[A-Z].*\.$/);
    assert.match(code, /^[a-z_]{1,64}$/);
  }
});

Deno.test("FtError says the sentence of its code where it is told nothing better", () => {
  const error = new FtError("disk_full");
  assert.equal(error.message, FAILURES.disk_full.sentence);
  assert.equal(error.exit, 8);
  assert.equal(error.retry, false);
  assert.equal(error.side, "here");
  assert.equal(error.hint, undefined);
});

Deno.test("FtError keeps message, hint, side and cause", () => {
  const cause = new Error("why");
  const error = new FtError("lost", "Gone.", { hint: "Again.", side: "there", cause });
  assert.equal(error.message, "Gone.");
  assert.equal(error.sentence, FAILURES.lost.sentence);
  assert.equal(error.hint, "Again.");
  assert.equal(error.side, "there");
  assert.equal(error.cause, cause);
  assert.equal(error.retry, true);
  assert.ok(error instanceof Error && error.name === "FtError");
});

Deno.test("toFailureCode() reads every code, and what it does not know as unexpected", () => {
  for (const code of Object.keys(FAILURES)) assert.equal(toFailureCode(code), code);
  for (const code of ["", "quota", "toString", "constructor", "__proto__", "LOST"]) {
    assert.equal(toFailureCode(code), "unexpected");
  }
});

Deno.test("toFailure() leaves an FtError as it is", () => {
  const error = new FtError("busy");
  assert.equal(toFailure(error), error);
});

Deno.test("toFailure() reads the classes of the runtime", () => {
  const table: [Error, FailureCode][] = [
    [new Deno.errors.ConnectionRefused("x"), "refused"],
    [new Deno.errors.AddrInUse("x"), "address_in_use"],
    [new Deno.errors.ConnectionReset("x"), "lost"],
    [new Deno.errors.BrokenPipe("x"), "lost"],
    [new Deno.errors.UnexpectedEof("x"), "lost"],
    [new Deno.errors.TimedOut("x"), "timeout"],
    [new Deno.errors.NotFound("x"), "not_found"],
    [new Deno.errors.PermissionDenied("x"), "read_only"],
    [new Deno.errors.AlreadyExists("x"), "exists"],
    [new TypeError("x"), "unexpected"],
    [new Deno.errors.NotCapable("x"), "unexpected"],
  ];
  for (const [thrown, code] of table) {
    const failure = toFailure(thrown);
    assert.equal(failure.code, code, thrown.name);
    assert.equal(failure.message, "x");
    assert.equal(failure.cause, thrown);
  }
});

Deno.test("toFailure() reads the codes of the system that have no class", () => {
  const table: [string, FailureCode][] = [
    ["ENOSPC", "disk_full"],
    ["EDQUOT", "disk_full"],
    ["EROFS", "read_only"],
    ["ENAMETOOLONG", "bad_name"],
    ["EHOSTUNREACH", "unreachable"],
    ["EMFILE", "io"],
    ["constructor", "unexpected"],
  ];
  for (const [code, failure] of table) {
    assert.equal(toFailure(Object.assign(new Error("x"), { code })).code, failure, code);
  }
  assert.equal(toFailure(Object.assign(new Error("x"), { code: 28 })).code, "unexpected");
});

Deno.test("toFailure() knows a database that has no space", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("pragma max_page_count = 2; create table t (a)");
  const insert = "insert into t values (zeroblob(100000))";
  for (const act of [() => database.exec(insert), () => database.prepare(insert).run()]) {
    let thrown: unknown;
    try {
      act();
    } catch (full) {
      thrown = full;
    }
    assert.equal(toFailure(thrown).code, "disk_full");
  }
  database.close();
});

Deno.test("toFailure() reads what a real system says", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const failures = [
      [() => Deno.openSync(`${folder}/none`), "not_found"],
      [() => Deno.openSync(`${folder}/${"x".repeat(300)}`), "bad_name"],
      [() => Deno.mkdirSync(folder), "exists"],
    ] as const;
    for (const [act, code] of failures) {
      assert.throws(
        () => {
          try {
            act();
          } catch (thrown) {
            throw toFailure(thrown);
          }
        },
        (thrown) => thrown instanceof FtError && thrown.code === code,
        code,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("toFailure() takes whatever was thrown", () => {
  for (const thrown of [undefined, null, "text", 7, {}, Symbol.iterator]) {
    assert.equal(toFailure(thrown).code, "unexpected");
  }
});
