/**
 * Files as tests look at them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

/** Milliseconds that a wait may take; far more than any should. */
const DEADLINE_MS = 30_000;

/** Waits until `holds` gives something: for what shows in files alone. */
export async function until<T>(what: string, holds: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = holds();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`No ${what} within ${DEADLINE_MS} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Writes a file; the folders on the way are made. */
export function writeFile(path: string, content: string | Uint8Array): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  if (typeof content === "string") Deno.writeTextFileSync(path, content);
  else Deno.writeFileSync(path, content);
}

/** The names in a folder, in order; none when there is no folder. */
export function namesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return [];
    throw thrown;
  }
}

/** Whether a path names anything. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return false;
    throw thrown;
  }
}

/** Fails unless a file has exactly these bytes. */
export function assertBytes(path: string, expected: Uint8Array): void {
  const bytes = Deno.readFileSync(path);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.equals(expected)) return;
  const at = bytes.findIndex((byte, index) => byte !== expected[index]);
  assert.fail(
    `${path} has ${bytes.length} bytes, ${expected.length} were expected; ` +
      `they differ from ${at < 0 ? bytes.length : at} on`,
  );
}

/** The chunks in the journals of a staging folder. */
export function journaled(staging: string): Set<number> {
  const chunks = new Set<number>();
  for (const name of namesIn(staging)) {
    if (!name.endsWith(".journal")) continue;
    const bytes = Deno.readFileSync(`${staging}/${name}`);
    const view = new DataView(bytes.buffer);
    for (let at = bytes.indexOf(0x0a) + 1; at + 40 <= bytes.length; at += 40) {
      chunks.add(view.getUint32(at));
    }
  }
  return chunks;
}
