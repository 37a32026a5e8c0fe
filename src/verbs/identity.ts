import { FtError } from "../error.ts";
import { readFailure } from "../storage/failure.ts";
import { createState, damaged, readState } from "../storage/state_file.ts";
import { makeIdentity, type NamedIdentity, readIdentity } from "../transport/identity.ts";
import { isHostName } from "./invite.ts";

/** Where a server has its key from, or that it has none. */
export type ServerSecurity =
  /** Nothing is encrypted. */
  | { readonly kind: "plain" }
  /** The user's own server key, made at first use; `state` is their state folder. */
  | { readonly kind: "own"; readonly state: string }
  /** Paths of PEM files: a chain of certificates, the server's first, and its private key. */
  | { readonly kind: "files"; readonly certificate: string; readonly key: string };

/** In the state folder: the key and the certificate of the user's servers. */
const IDENTITY = "server.pem";
/** Bytes of a PEM file that are read at most. */
const MOST_BYTES = 1024 * 1024;

const PEM_HINT = "Check what --cert and --key name.";

/**
 * The key and certificate of a server; undefined without encryption.
 *
 * @throws FtError `usage` or `not_found` for files that do not serve, or a storage failure.
 */
export async function identityOf(security: ServerSecurity): Promise<NamedIdentity | undefined> {
  switch (security.kind) {
    case "plain":
      return undefined;
    case "own":
      return await ownIdentity(`${security.state}/${IDENTITY}`);
    case "files": {
      const { certificate, key } = security;
      const texts = { certificate: pem(certificate), key: pem(key) };
      const identity = await readIdentity(texts, `'${certificate}' and '${key}'`);
      // An invite says one host, and only those that vouch for themselves are known by their key.
      const names = identity.names.filter(isHostName);
      if (names.length > 0 || identity.isSelfIssued) return { ...identity, names };
      throw new FtError("usage", `'${certificate}' is for no host that an invite could say.`, {
        hint: "Clients know it by a name such as files.example.org; a wildcard alone is none.",
      });
    }
  }
}

async function ownIdentity(path: string): Promise<NamedIdentity> {
  let text = readState(path, MOST_BYTES);
  if (text === undefined) {
    const { certificate, key } = await makeIdentity();
    text = certificate + key;
    // Another server of the same user may have been faster.
    if (!createState(path, text)) text = readState(path, MOST_BYTES) ?? "";
  }
  try {
    return await readIdentity({ certificate: text, key: text }, `'${path}'`);
  } catch {
    throw damaged(
      path,
      "Put it back from a copy, or remove it: the server then makes a new key, and its clients " +
        "have to be told.",
    );
  }
}

function pem(path: string): string {
  try {
    // A device or a pipe in its place might not end.
    const { isFile, size } = Deno.statSync(path);
    if (isFile && size <= MOST_BYTES) return Deno.readTextFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) {
      throw new FtError("not_found", `File '${path}' not found.`, { hint: PEM_HINT });
    }
    throw readFailure(thrown, `read '${path}'`);
  }
  throw new FtError("usage", `'${path}' is no PEM file.`, { hint: PEM_HINT });
}
