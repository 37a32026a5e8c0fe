/**
 * ft as a library: the verbs of the command line, which uses nothing else.
 *
 * {@linkcode serve} serves; {@linkcode put}, {@linkcode share}, {@linkcode get},
 * {@linkcode fetch} and {@linkcode list} are what clients do. Each of those takes an `AbortSignal`
 * as `signal`, and `onEvent` hears its progress. What fails is an {@linkcode FtError} with a code
 * of {@linkcode FAILURES}: of a single file among the results, of the whole thrown.
 *
 * @example A stream that is shared by one client and fetched as a stream by another
 * ```ts
 * import { fetch, serve, share } from "@ft/ft";
 *
 * const folder = Deno.makeTempDirSync();
 * const security = { kind: "own", state: `${folder}/owner` } as const;
 * const server = await serve({ hostname: "127.0.0.1", port: 0, root: folder, security });
 *
 * const signal = AbortSignal.timeout(60_000);
 * const ana = { server: server.address, state: `${folder}/ana`, signal };
 * const numbers = ReadableStream.from([1, 2, 3]).pipeThrough(
 *   new TransformStream<number, string>({
 *     transform: (number, controller) => controller.enqueue(`${number}\n`),
 *   }),
 * ).pipeThrough(new TextEncoderStream());
 * const [sent] = await share([{ name: "numbers.txt", stream: numbers }], ana);
 * if (!sent || "error" in sent) throw sent?.error;
 *
 * let text = "";
 * const output = new WritableStream<Uint8Array>({
 *   write: (bytes) => void (text += new TextDecoder().decode(bytes)),
 * });
 * let verified = 0;
 * const [got] = await fetch(["numbers.txt"], {
 *   server: server.address,
 *   state: `${folder}/ben`,
 *   output,
 *   onEvent: (event) => verified = event.kind === "progress" ? event.verified : verified,
 * });
 * if (!got || "error" in got) throw got?.error;
 * if (text !== "1\n2\n3\n" || verified !== 6) throw new Error(text);
 * await server.stop();
 * Deno.removeSync(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { findContact } from "./verbs/contact.ts";
export type { Contact } from "./verbs/contact.ts";
export { fetch, get } from "./verbs/download.ts";
export type { DownloadOptions } from "./verbs/download.ts";
export { join } from "./verbs/join.ts";
export type { Joined, JoinOptions } from "./verbs/join.ts";
export { info } from "./verbs/info.ts";
export type { RoomAbout } from "./verbs/info.ts";
export { knownNames } from "./verbs/known_names.ts";
export { list, mine } from "./verbs/list.ts";
export type { ListOptions, RoomList } from "./verbs/list.ts";
export { clearPartials, listPartials } from "./verbs/partials.ts";
export { ROOM_FOLDERS, serve } from "./verbs/serve.ts";
export type { ServeOptions, Server } from "./verbs/serve.ts";
export type { ServerSecurity } from "./verbs/identity.ts";
export { isLoopback } from "./verbs/hosts.ts";
export type { Interface } from "./verbs/hosts.ts";
export type { ServerKey } from "./verbs/invite.ts";
export { describeKey, fingerprint, isInvite, isToken, MOST_INVITE } from "./verbs/invite.ts";
export { invitesFor, invitesOf, localInterfaces, readServing } from "./verbs/serving.ts";
export type { Serving } from "./verbs/serving.ts";
export { forgetTrust, listTrust } from "./verbs/trust.ts";
export { KnownServers } from "./verbs/known_servers.ts";
export type { KnownServer } from "./verbs/known_servers.ts";
export type { AskTrust, FirstContact, Stranger } from "./verbs/reach.ts";
export { SERVE_LIMITS } from "./verbs/serve_limits.ts";
export type { ServeLimits } from "./verbs/serve_limits.ts";
export { sum } from "./verbs/sum.ts";
export { addToken, listTokens, revokeToken } from "./verbs/tokens.ts";
export type { AddTokenOptions, Token } from "./verbs/tokens.ts";
export { makeCode } from "./verbs/age.ts";
export type { CodeOptions } from "./verbs/secret_download.ts";
export type { Secrecy } from "./verbs/secret_upload.ts";
export { unshare, unshareAt } from "./verbs/unshare.ts";
export type { Unshared } from "./verbs/unshare.ts";
export { missingOf } from "./verbs/download_tree.ts";
export { failedItems, RetryMemory } from "./verbs/retry_list.ts";
export type { RetryItem, RetryList } from "./verbs/retry_list.ts";
export { put, share } from "./verbs/upload.ts";
export type {
  NamedFile,
  NamedStream,
  Sendable,
  ShareOptions,
  UploadOptions,
} from "./verbs/upload.ts";
export { verify } from "./verbs/verify.ts";
export type { Verified, VerifyOptions } from "./verbs/verify.ts";
export { defaultStateFolder } from "./verbs/conversation.ts";
export type { ClientOptions, Result } from "./verbs/conversation.ts";
export { FAILURES, FtError } from "./error.ts";
export type { FailureCode, Side } from "./error.ts";
export type { Listener, TransferEvent } from "./session/event.ts";
export type { ListRequest } from "./session/listing.ts";
export type { TreeOutcome, TreeReport } from "./session/tree_report.ts";
export type { Verb } from "./session/access.ts";
export type { TransferReport } from "./session/server_session.ts";
export type { Leftover } from "./storage/leftovers.ts";
export type { About, Conflict, Item, Receipt, Room, Terms } from "./storage/store.ts";
