/**
 * ft as a library: the verbs of the command line.
 *
 * @module
 */
export { fetch, get } from "./verbs/download.ts";
export type { DownloadOptions } from "./verbs/download.ts";
export { join } from "./verbs/join.ts";
export type { Joined, JoinOptions } from "./verbs/join.ts";
export { list } from "./verbs/list.ts";
export type { RoomList } from "./verbs/list.ts";
export { clearPartials, listPartials } from "./verbs/partials.ts";
export { serve } from "./verbs/serve.ts";
export type { ServeOptions, Server } from "./verbs/serve.ts";
export type { ServerSecurity } from "./verbs/identity.ts";
export { invitesOf } from "./verbs/serving.ts";
export type { Serving } from "./verbs/serving.ts";
export { forgetTrust, listTrust } from "./verbs/trust.ts";
export type { KnownServer } from "./verbs/known_servers.ts";
export type { AskTrust, FirstContact, Stranger } from "./verbs/reach.ts";
export { SERVE_LIMITS } from "./verbs/serve_limits.ts";
export type { ServeLimits } from "./verbs/serve_limits.ts";
export { sum } from "./verbs/sum.ts";
export { addToken, listTokens, revokeToken } from "./verbs/tokens.ts";
export type { AddTokenOptions, Token } from "./verbs/tokens.ts";
export { put, share } from "./verbs/upload.ts";
export type { NamedFile, NamedStream, Sendable, UploadOptions } from "./verbs/upload.ts";
export { defaultStateFolder } from "./verbs/conversation.ts";
export type { ClientOptions, Result } from "./verbs/conversation.ts";
export { FAILURES, FtError } from "./error.ts";
export type { FailureCode } from "./error.ts";
export type { Listener, TransferEvent } from "./session/event.ts";
export type { Verb } from "./session/access.ts";
export type { TransferReport } from "./session/server_session.ts";
export type { Conflict, Item, Receipt, Room } from "./storage/store.ts";
