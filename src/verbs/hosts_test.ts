import { deepEqual, ok } from "node:assert/strict";
import { type Interface, isLoopback, reachableHosts } from "./hosts.ts";

const LOOPBACK: Interface[] = [
  { name: "lo", family: "IPv4", address: "127.0.0.1" },
  { name: "lo", family: "IPv6", address: "::1" },
];
const ALL: Interface[] = [
  ...LOOPBACK,
  { name: "eth0", family: "IPv6", address: "2001:db8::7" },
  { name: "eth0", family: "IPv4", address: "192.168.1.20" },
  { name: "eth0", family: "IPv6", address: "fe80::1" },
  { name: "wlan0", family: "IPv4", address: "10.0.0.5" },
  { name: "wlan0", family: "IPv4", address: "10.0.0.5" },
];

Deno.test("isLoopback() knows this machine by every way to write it, and nothing else", () => {
  for (
    const host of ["localhost", "LocalHost", "127.0.0.1", "127.1.2.255", "::1", "::ffff:127.0.0.1"]
  ) ok(isLoopback(host), host);
  for (
    const host of [
      "",
      "nas",
      "localhost.example.org",
      "127.0.0.1.example.org",
      "x127.0.0.1",
      "127.0.0.256",
      "127.0.0",
      "1.127.0.0.1",
      "128.0.0.1",
      "0.0.0.0",
      "::",
      "::2",
      "::ffff:128.0.0.1",
    ]
  ) ok(!isLoopback(host), host);
});

Deno.test("reachableHosts() gives for 0.0.0.0 the IPv4 addresses of others' use", () => {
  deepEqual(reachableHosts("0.0.0.0", ALL), ["192.168.1.20", "10.0.0.5"]);
});

Deno.test("reachableHosts() gives for :: both kinds, link-local IPv6 left out", () => {
  deepEqual(reachableHosts("::", ALL), ["192.168.1.20", "10.0.0.5", "2001:db8::7"]);
});

Deno.test("reachableHosts() gives an address itself, and the loopback where there is no other", () => {
  deepEqual(reachableHosts("10.0.0.5", ALL), ["10.0.0.5"]);
  deepEqual(reachableHosts("files.example.org", []), ["files.example.org"]);
  deepEqual(reachableHosts("0.0.0.0", LOOPBACK), ["127.0.0.1"]);
  deepEqual(reachableHosts("::", []), ["::1"]);
});
