/**
 * Which canonical names the file system of a platform cannot hold. The one place for what Windows
 * refuses; all other platforms hold every canonical name.
 *
 * @module
 */
import { FtError } from "../error.ts";

const DEVICE = /^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)/i;
const FORBIDDEN = /[<>:"|?*]/;

/** Why `os` cannot hold a canonical name, or undefined when it can. */
export function holdingFault(name: string, os: typeof Deno.build.os): string | undefined {
  if (os !== "windows") return undefined;
  for (const part of name.split("/")) {
    if (DEVICE.test(part)) return `'${part}' is the name of a device`;
    if (FORBIDDEN.test(part)) return `it contains one of < > : " | ? *`;
    if (/[. ]$/.test(part)) return "a part of it ends in a dot or a space";
  }
  return undefined;
}

/** Throws `bad_name` for a name that cannot be held here. */
export function requireHoldable(name: string): void {
  const fault = holdingFault(name, Deno.build.os);
  if (fault === undefined) return;
  throw new FtError("bad_name", `Cannot keep '${name}' on this system: ${fault}.`, {
    hint: "Choose another name; for a download say it with --output PATH.",
  });
}
