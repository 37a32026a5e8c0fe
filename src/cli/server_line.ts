import type { ServerKey } from "../verbs/invite.ts";
import { fingerprint } from "../verbs/invite.ts";
import type { ItemLine } from "./json.ts";

/** A server as its line says it: `key` is its fingerprint, or how else it is known. */
export function serverLine(
  { name, address, key }: {
    readonly name: string | undefined;
    readonly address: string;
    readonly key: ServerKey;
  },
): ItemLine & { readonly what: "server" } {
  const known = key === "system" || key === "plain" ? key : fingerprint(key);
  return { what: "server", name: name ?? address, address, key: known };
}
