/**
 * ft as a library: the verbs of the command line.
 *
 * @module
 */
export { fetch, get } from "./verbs/download.ts";
export type { DownloadOptions } from "./verbs/download.ts";
export { join } from "./verbs/join.ts";
export type { Joined, JoinOptions } from "./verbs/join.ts";
export { info } from "./verbs/info.ts";
export type { RoomAbout } from "./verbs/info.ts";
export { list, mine } from "./verbs/list.ts";
export type { ListOptions, RoomList } from "./verbs/list.ts";
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
export { unshare, unshareAt } from "./verbs/unshare.ts";
export type { Unshared } from "./verbs/unshare.ts";
export { put, share } from "./verbs/upload.ts";
export type { ShareOptions, UploadOptions } from "./verbs/upload.ts";
export { verify } from "./verbs/verify.ts";
export type { Verified, VerifyOptions } from "./verbs/verify.ts";
export { defaultStateFolder } from "./verbs/conversation.ts";
export type { ClientOptions, Result } from "./verbs/conversation.ts";
export { FAILURES, FtError } from "./error.ts";
export type { FailureCode } from "./error.ts";
export type { Listener, TransferEvent } from "./session/event.ts";
export type { TreeOutcome, TreeReport } from "./session/tree_report.ts";
export type { Verb } from "./session/access.ts";
export type { TransferReport } from "./session/server_session.ts";
export type { About, Conflict, Item, Receipt, Room, Terms } from "./storage/store.ts";
