/**
 * Addresses of this machine, and which of them others can use.
 *
 * @module
 */

/** One address of one interface of this machine. */
export type Interface = Pick<Deno.NetworkInterfaceInfo, "name" | "family" | "address">;

/** Listening there is listening at every address. */
const EVERY: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** Whether a host is this machine itself, as far as its text alone tells. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^::ffff:/, "");
  if (host === "localhost" || host === "::1" || host === "0:0:0:0:0:0:0:1") return true;
  return /^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host);
}

/**
 * The hosts at which a server that listens at `host` can be reached: of `0.0.0.0` every IPv4
 * address of this machine that is not its own loopback, of `::` IPv6 ones, too, and of any other
 * host itself. Where there is none, the loopback. Link-local IPv6 addresses are left out: they mean
 * nothing without the name of an interface, which differs on the other machine.
 */
export function reachableHosts(host: string, interfaces: readonly Interface[]): string[] {
  if (!EVERY.has(host)) return [host];
  const families = host === "0.0.0.0" ? ["IPv4"] : ["IPv4", "IPv6"];
  const hosts = families.flatMap((family) =>
    interfaces.filter((one) => one.family === family).map(({ address }) => address)
  ).filter((address) => !isLoopback(address) && !/^fe[89ab]/i.test(address));
  return hosts.length > 0 ? [...new Set(hosts)] : [host === "0.0.0.0" ? "127.0.0.1" : "::1"];
}
