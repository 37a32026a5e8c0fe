import { FtError } from "../error.ts";
import type { ListRequest } from "../session/listing.ts";
import { findContact } from "./contact.ts";
import { type ClientOptions, Conversation } from "./conversation.ts";
import { KnownServers } from "./known_servers.ts";

/**
 * The names in lists of a server that is known already, for completing what is typed. Unlike a
 * list that is shown it changes nothing: numbers mean what they meant before.
 *
 * @throws FtError `identity` for a server that nothing is known of; it is not even dialled.
 */
export async function knownNames(
  lists: readonly ListRequest[],
  options: Omit<ClientOptions, "trustFirst" | "ask" | "retries">,
): Promise<string[]> {
  const known = new KnownServers(options.state);
  const { name, address } = findContact(options.server, known, options.plain ?? false);
  if (name === undefined && known.key(address) === undefined) throw new FtError("identity");
  const names: string[] = [];
  await new Conversation({ ...options, retries: 0 }).once((session) =>
    Promise.all(
      lists.map((list) =>
        session.list(list, (page) => void names.push(...page.map((item) => item.name)))
      ),
    )
  );
  return names;
}
