/**
 * Makes a file one that may be run, or one that may not: by those who may read it. So whom the
 * umask kept from reading a new file may not run it either; to ask for the umask itself would need
 * a permission of its own. Windows has no such bit.
 */
export function setExecutable(path: string, isExecutable: boolean): void {
  if (Deno.build.os === "windows") return;
  const { mode } = Deno.lstatSync(path);
  if (mode === null || ((mode & 0o100) !== 0) === isExecutable) return;
  const bits = mode & 0o777;
  Deno.chmodSync(path, isExecutable ? bits | (bits & 0o444) >> 2 : bits & ~0o111);
}
