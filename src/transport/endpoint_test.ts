import assert from "node:assert/strict";
import { DEFAULT_PORT, formatEndpoint, parseEndpoint } from "./endpoint.ts";

const GOOD: [string, string, number][] = [
  ["localhost", "localhost", DEFAULT_PORT],
  ["127.0.0.1:5000", "127.0.0.1", 5000],
  ["my-host.local:0", "my-host.local", 0],
  ["host:65535", "host", 65_535],
  ["[::1]", "::1", DEFAULT_PORT],
  ["[::1]:81", "::1", 81],
  ["[fe80::1%eth0]:81", "fe80::1%eth0", 81],
  ["[::ffff:10.0.0.1]:81", "::ffff:10.0.0.1", 81],
];

for (const [text, hostname, port] of GOOD) {
  Deno.test(`parseEndpoint() takes ${text}`, () => {
    assert.deepEqual(parseEndpoint(text), { hostname, port });
    assert.deepEqual(parseEndpoint(formatEndpoint({ hostname, port })), { hostname, port });
  });
}

const BAD = [
  "",
  ":5000",
  "host:",
  "host:65536",
  "host:100000",
  "host:-1",
  "host:1e3",
  "host:5000 ",
  " host",
  "a b:1",
  "::1",
  "::1:5000",
  "[]:5000",
  "[::1",
  "::1]:5000",
  "[host.name]:5000",
  "user@host:5000",
  "http://host:5000",
  "host:5000/path",
  "host:5000:5000",
  "host\n:5000",
  "h".repeat(256),
  // Half a character: nothing on a disk or in a URL can be called so.
  "host\ud800:5000",
];

for (const text of BAD) {
  Deno.test(`parseEndpoint() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.throws(() => parseEndpoint(text), { name: "FtError", code: "usage" });
  });
}

Deno.test("formatEndpoint() puts brackets around IPv6 alone", () => {
  assert.equal(formatEndpoint({ hostname: "::1", port: 5 }), "[::1]:5");
  assert.equal(formatEndpoint({ hostname: "host", port: 5 }), "host:5");
});
