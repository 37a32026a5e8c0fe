import { FtError } from "../error.ts";
import { findContact } from "./contact.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";
import { KnownServers } from "./known_servers.ts";

/**
 * The names in a room of a server that is known already, for completing what is typed. Unlike a
 * list that is shown it changes nothing: numbers mean what they meant before.
 *
 * @throws FtError `identity` for a server that nothing is known of; it is not even dialled.
 */
export async function knownNames(
  room: "public" | "shared",
  options: Omit<ClientOptions, "trustFirst" | "ask" | "retries">,
): Promise<string[]> {
  const known = new KnownServers(options.state);
  const { name, address } = findContact(options.server, known, options.plain ?? false);
  if (name === undefined && known.key(address) === undefined) throw new FtError("identity");
  const names: string[] = [];
  await new Conversation({ ...options, retries: 0 }).once((session) =>
    session.list({ room }, (page) => void names.push(...page.map((item) => item.name)))
  );
  return names;
}
