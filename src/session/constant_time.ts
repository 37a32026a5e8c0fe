/**
 * Whether two runs of bytes are the same, in a time that does not tell how many of them agree. The
 * one of node:crypto would cost every start 30 ms; over few bytes a loop without a branch does.
 */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [at, byte] of a.entries()) difference |= byte ^ (b[at] ?? 0);
  return difference === 0;
}
