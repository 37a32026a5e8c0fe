import { FtError, toFailure } from "../error.ts";

/** Milliseconds until an attempt to connect, or a handshake, is given up. */
export const CONNECT_MS = 10_000;

const CLOCK = /not valid yet|expired|NotValidYet|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/i;
const CERTIFICATE = /certificate|issuer|BadSignature|SELF_SIGNED|CERT_/i;

/** What the runtime said about a TLS handshake, in words of ours. `where` is `HOST:PORT`. */
export function handshakeFailure(thrown: unknown, where: string): FtError {
  if (thrown instanceof FtError) return thrown;
  const cause = { cause: thrown };
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const said = thrown instanceof Error ? `${code} ${thrown.message}` : "";
  if (CLOCK.test(said)) return notNow(where, thrown);
  if (CERTIFICATE.test(said)) return notTheOne(where, thrown);
  if (toFailure(thrown).code === "timeout") {
    return new FtError("timeout", `${where} took too long to shake hands.`, cause);
  }
  if (isNoTls(thrown, said)) {
    return new FtError("protocol", `${where} does not answer with TLS.`, {
      ...cause,
      hint: "If it was started with --plain, and you trust the network, use --plain here too. " +
        "Else something else listens there.",
    });
  }
  return new FtError("lost", "The connection was lost before it was secure.", cause);
}

/** The failure of a certificate that is not valid today. */
export function notNow(where: string, cause?: unknown): FtError {
  const now = new Date().toISOString().slice(0, 10);
  return new FtError(
    "identity",
    `The certificate of ${where} is not valid on ${now}, which is today by this machine's clock.`,
    { cause, hint: "If the clock is wrong, set it. Else the server needs a new certificate." },
  );
}

/** The failure of a peer that is not who is meant. */
export function notTheOne(where: string, cause?: unknown): FtError {
  return new FtError("identity", `${where} cannot prove that it is the server that is meant.`, {
    cause,
    hint: "Somebody else may be answering. Ask the server's owner for its fingerprint.",
  });
}

function isNoTls(thrown: unknown, said: string): boolean {
  return thrown instanceof Deno.errors.InvalidData ||
    /InvalidData|corrupt message|InvalidContentType|wrong version|EPROTO/i.test(said);
}

/** The failure of a peer that speaks TLS, but not FT in it. */
export function otherProtocol(where: string): FtError {
  return new FtError("protocol", `${where} speaks TLS, but not FT.`, {
    hint: "Check the address: something else listens there.",
  });
}

/** What came of an attempt to connect to `where`, in words that say what to do. */
export function dialFailure(thrown: unknown, timedOut: boolean, where: string): FtError {
  const options = { cause: thrown };
  const code = timedOut ? "timeout" : toFailure(thrown).code;
  if (code === "refused") {
    return new FtError("refused", "Connection refused.", {
      ...options,
      hint: `No server listens at ${where}. Start one there with 'ft serve', or name another ` +
        "with --server HOST:PORT.",
    });
  }
  if (code === "timeout") {
    return new FtError("unreachable", `${where} does not answer.`, {
      ...options,
      hint: "Check the address, and that a firewall lets the port through.",
    });
  }
  // A name that does not resolve has neither a class nor a code of its own.
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new FtError("unreachable", `Cannot reach ${where}: ${detail}.`, {
    ...options,
    hint: "Check the address with --server HOST:PORT.",
  });
}
