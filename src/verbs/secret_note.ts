/**
 * What goes with a secret share, encrypted as its note: its true name, what is said of it, and which
 * content it belongs to.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { acceptName } from "../name.ts";
import { acceptTerms } from "../session/terms.ts";
import { misfit, sealText, unsealText } from "./age.ts";

/** How content and note are encrypted, in the words of the protocol. */
export const FORMAT = "age";

/** What the note of a secret share says. */
export interface SecretNote {
  /** The name its sender gave it. */
  readonly name: string;
  readonly note: string | undefined;
  /** SHA-256 of the envelope of its content, in base64url. */
  readonly head: string;
}

const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

/** What tells an envelope from every other. */
export async function headDigest(head: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", head)).toBase64(BASE64);
}

/**
 * The note as it is sent.
 *
 * @throws FtError `limit` when name and note are too long together.
 */
export async function sealNote(note: SecretNote, code: string): Promise<string> {
  const text = (await sealText(JSON.stringify(note), code)).toBase64(BASE64);
  try {
    acceptTerms({ note: text });
    return text;
  } catch (cause) {
    throw new FtError("limit", `Name and note of '${note.name}' are too long for a secret share.`, {
      hint: "Together they may have about 450 bytes.",
      cause,
    });
  }
}

/**
 * The note again. Whoever has the code may have written it: what it says is no better than that.
 *
 * @throws FtError `denied` when the code does not fit, `bad_name` when the name is none.
 */
export async function unsealNote(text: string | undefined, code: string): Promise<SecretNote> {
  let value: unknown;
  try {
    const bytes = Uint8Array.fromBase64(text ?? "", { alphabet: "base64url" });
    value = JSON.parse(await unsealText(bytes, code));
  } catch (thrown) {
    throw thrown instanceof FtError ? thrown : misfit(thrown);
  }
  if (typeof value !== "object" || value === null) throw misfit("no note");
  const { name, note, head } = value as Record<string, unknown>;
  const isText = note === undefined || typeof note === "string";
  if (typeof name !== "string" || typeof head !== "string" || !isText) throw misfit("no note");
  return { name: acceptName(name), note, head };
}
