/**
 * Tokens that a user brings: from a file or the environment, never as an argument, and never shown.
 *
 * @module
 */
import { FtError } from "../error.ts";
import { isToken } from "../verbs/invite.ts";
import { quoteShell } from "./text.ts";

/** Bytes of a token file that are read at most. */
const MOST_BYTES = 64 * 1024;

/**
 * The token on the first line of a file.
 *
 * @param warn hears it when others can read the file.
 * @throws FtError `usage` when the file cannot be read or holds no token.
 */
export function readTokenFile(path: string, warn: (sentence: string) => void): string {
  return checkToken(readSecretLine(path, "token", warn), `The first line of '${path}'`);
}

/**
 * The first line of a file that holds a secret.
 *
 * @param what the secret: `token`, for what is said of it.
 * @param warn hears it when others can read the file.
 * @throws FtError `usage` when the file cannot be read.
 */
export function readSecretLine(
  path: string,
  what: "token" | "code",
  warn: (sentence: string) => void,
): string {
  const { text, mode } = read(path, what);
  const [line = ""] = text.split(/\r?\n/, 1);
  if (mode !== null && (mode & 0o077) !== 0) {
    warn(
      `Other users may use the ${what} in '${path}'. Keep it to yourself: ` +
        `chmod 600 ${quoteShell(path)}`,
    );
  }
  return line;
}

function read(path: string, what: string): { text: string; mode: number | null } {
  try {
    const { isFile, size, mode } = Deno.statSync(path);
    if (isFile && size <= MOST_BYTES) return { text: Deno.readTextFileSync(path), mode };
  } catch (thrown) {
    throw new FtError("usage", `The ${what} file '${path}' cannot be read.`, {
      cause: thrown,
      hint: "Check its path, and that you may read it.",
    });
  }
  throw new FtError("usage", `'${path}' is no ${what} file.`, {
    hint: `It is a small file with the ${what} on its first line.`,
  });
}

/**
 * The token itself.
 *
 * @param source where it was found, to begin a sentence with.
 * @throws FtError `usage` when it cannot be one; it does not show the text.
 */
export function checkToken(text: string, source: string): string {
  if (isToken(text)) return text;
  throw new FtError("usage", `${source} is no token.`, {
    hint: "A token is 1 to 256 printable ASCII characters without spaces.",
  });
}
