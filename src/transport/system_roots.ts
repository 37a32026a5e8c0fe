/** Where systems keep the authorities that they trust, in PEM. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;

/**
 * The authorities that the system trusts, beside the public ones that the runtime knows; none where
 * they lie in no file. (`getCACertificates` of node:tls needs all of the permission `sys`.)
 */
export function systemRoots(bundles: readonly string[] = BUNDLES): string[] {
  for (const path of bundles) {
    try {
      return [Deno.readTextFileSync(path)];
    } catch {
      // Another kind of system.
    }
  }
  return [];
}
