/**
 * The part of age (age-encryption.org/v1) that is the package's: keys, and headers that say for
 * whom a file is. It is loaded only where something is secret.
 *
 * @module
 */
import { FtError } from "../error.ts";

/** What a file of age begins with, and the key of what follows. */
export interface Envelope {
  /** The header and the nonce. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** The key of the payload. */
  readonly key: Uint8Array<ArrayBuffer>;
}

/** Bytes of the nonce after the header. */
const NONCE_BYTES = 16;
/** Bytes of an empty payload: its tag alone. */
const EMPTY_BYTES = 16;
/** Most bytes of a header; those of one recipient have about 170. */
const HEADER_BYTES = 4096;

/** The package. */
function load(): Promise<typeof import("age-encryption")> {
  return import("age-encryption");
}

/** A code that nobody guesses: the identity of one recipient, of 256 bits. */
export async function makeCode(): Promise<string> {
  return await (await load()).generateX25519Identity();
}

/**
 * A code as somebody has written it, between spaces or in small letters.
 *
 * @throws FtError `usage` when it is none; it does not show the text.
 */
export async function acceptCode(text: string): Promise<string> {
  const code = text.trim().toUpperCase();
  try {
    if (!code.startsWith("AGE-SECRET-KEY-1")) throw new Error("another kind");
    await (await load()).identityToRecipient(code);
    return code;
  } catch (cause) {
    throw new FtError("usage", "That is no code of a secret share.", {
      hint: "It is one line that begins with AGE-SECRET-KEY-1: see whether all of it is there.",
      cause,
    });
  }
}

/** The key of a payload: of its own even where the file's key is not. */
async function payloadKey(
  fileKey: Uint8Array<ArrayBuffer>,
  nonce: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const secret = await crypto.subtle.importKey("raw", fileKey, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode("payload");
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: nonce, info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, secret, 256));
}

/** A new envelope, for who has the code. */
export async function seal(code: string): Promise<Envelope> {
  const { Encrypter, identityToRecipient } = await load();
  let fileKey = new Uint8Array();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(code));
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = new Uint8Array(key);
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array());
  const head = new Uint8Array(empty.subarray(0, empty.length - EMPTY_BYTES));
  // The nonce of the empty payload has had its use.
  const nonce = crypto.getRandomValues(head.subarray(head.length - NONCE_BYTES));
  return { head, key: await payloadKey(fileKey, nonce) };
}

/**
 * Opens the envelope that `bytes` begin with; undefined when it is not all there yet.
 *
 * @throws FtError `denied` when the code does not fit or the header is none.
 */
export async function unseal(
  bytes: Uint8Array<ArrayBuffer>,
  code: string,
): Promise<Envelope | undefined> {
  const end = headerEnd(bytes);
  if (end === undefined || bytes.length < end + NONCE_BYTES) return undefined;
  const { Decrypter } = await load();
  const decrypter = new Decrypter();
  decrypter.addIdentity(code);
  const head = bytes.slice(0, end + NONCE_BYTES);
  let fileKey: Uint8Array<ArrayBuffer>;
  try {
    fileKey = new Uint8Array(await decrypter.decryptHeader(head.subarray(0, end)));
  } catch (cause) {
    throw misfit(cause);
  }
  return { head, key: await payloadKey(fileKey, head.subarray(end)) };
}

/** Where a header ends: after the line that begins with three dashes. */
function headerEnd(bytes: Uint8Array): number | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, HEADER_BYTES));
  const [header] = /^[^]*?\n--- [^\n]*\n/.exec(text) ?? [];
  if (header === undefined && bytes.length >= HEADER_BYTES) throw misfit("no header");
  return header?.length;
}

/** The failure of a code, or of something that was not made with it. */
export function misfit(cause: unknown): FtError {
  return new FtError("denied", "The code does not fit, or what was shared has been changed.", {
    hint: "Compare the code with the one that its sender was shown.",
    cause,
  });
}

/** Encrypts what is short enough to be held. */
export async function sealText(text: string, code: string): Promise<Uint8Array<ArrayBuffer>> {
  const { Encrypter, identityToRecipient } = await load();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(code));
  return new Uint8Array(await encrypter.encrypt(text));
}

/** Decrypts it again; throws FtError `denied` when the code does not fit. */
export async function unsealText(bytes: Uint8Array, code: string): Promise<string> {
  const { Decrypter } = await load();
  const decrypter = new Decrypter();
  decrypter.addIdentity(code);
  try {
    return await decrypter.decrypt(bytes, "text");
  } catch (cause) {
    throw misfit(cause);
  }
}
