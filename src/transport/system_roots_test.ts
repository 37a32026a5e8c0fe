import assert from "node:assert/strict";
import { systemRoots } from "./system_roots.ts";

Deno.test("systemRoots() is what the first file has that is there, or nothing", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "roots");
    assert.deepEqual(systemRoots([`${path} of another system`, path, "/etc/passwd"]), ["roots"]);
    assert.deepEqual(systemRoots([`${path} of another system`]), []);
  } finally {
    Deno.removeSync(path);
  }
});
