import assert from "node:assert/strict";
import { main } from "./main.ts";

/** The exit code of `ft` with these arguments, and how often it had entropy collected. */
async function asked(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = Deno;
  const written = [stdout.writeSync, stderr.writeSync] as const;
  let count = 0;
  Object.defineProperty(crypto.subtle, "generateKey", {
    configurable: true,
    value: () => Promise.reject(new Error(`none for the ${++count}. time`)),
  });
  stdout.writeSync = stderr.writeSync = (bytes) => bytes.length;
  try {
    const exit = await main(args);
    return `exit ${exit}, ${count}`;
  } finally {
    [stdout.writeSync, stderr.writeSync] = written;
    delete (crypto.subtle as Partial<SubtleCrypto>).generateKey;
  }
}

Deno.test("main() has entropy collected, once, for what encrypts, and goes on without it", async () => {
  const where = ["--server", "127.0.0.1:1"];
  assert.equal(await asked("list", ...where), "exit 3, 1");
  assert.equal(await asked("list", "--plain", ...where), "exit 3, 0");
  assert.equal(await asked("help", "list"), "exit 0, 0");
  assert.equal(await asked("sum", "/nothing is here"), "exit 5, 0");
});
