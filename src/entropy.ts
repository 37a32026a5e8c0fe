/**
 * Has the runtime collect, on another thread, the entropy that TLS needs first of all. It measures
 * the processor for that, 30 ms long, once in a process; whoever waits with it until a connection is
 * there waits for all of it. There is no call for that alone, but a key takes some.
 */
export function collectEntropy(): void {
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
    // TLS collects its own then.
    .catch(() => {});
}
