import type { Endpoint } from "./endpoint.ts";
import type { PresentedKey } from "./security.ts";

/** Stands in until there is one. */
export function probe(_endpoint: Endpoint, _signal?: AbortSignal): Promise<PresentedKey> {
  const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  return Promise.resolve({ pin: `${"k".repeat(42)}A`, certificate });
}
