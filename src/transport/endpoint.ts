import { FtError } from "../error.ts";

/** Where a server is: a host name or address without brackets, and a port from 0 to 65535. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/** The port where none is named. */
export const DEFAULT_PORT = 5000;

/** An IPv6 address in brackets, with its zone where it has one, or a name; then the port. */
const ADDRESS =
  /^(?:\[([0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?)\]|([^\s:/\[\]@#?]+))(?::([0-9]{1,5}))?$/;

/** Whether `port` is a TCP port; 0 asks for a free one. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

/**
 * The endpoint in `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
 *
 * @throws FtError `usage` on anything else.
 */
export function parseEndpoint(text: string): Endpoint {
  const match = text.isWellFormed() ? ADDRESS.exec(text) : null;
  const hostname = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (hostname === undefined || hostname.length > 255 || !isPort(port)) {
    throw new FtError("usage", `'${text.slice(0, 100)}' is no server address.`, {
      hint: "Write HOST:PORT, for example 192.168.1.5:5000 or [::1]:5000.",
    });
  }
  return { hostname, port };
}

/** `HOST:PORT`, with brackets around an IPv6 address. */
export function formatEndpoint({ hostname, port }: Endpoint): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
