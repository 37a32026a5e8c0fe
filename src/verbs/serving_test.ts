import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { parseInvite } from "./invite.ts";
import { invitesFor, invitesOf, readServing, writeServing } from "./serving.ts";

const PIN = `${"k".repeat(42)}A`;
const LAN = [
  { name: "eth0", family: "IPv4" as const, address: "192.168.1.20" },
  { name: "eth0", family: "IPv6" as const, address: "2001:db8::7" },
];

Deno.test("invitesFor() makes one invite for every address, IPv6 in brackets", () => {
  deepEqual(invitesFor({ hosts: ["::"], port: 5000, key: PIN }, "t0ken", LAN), [
    `ft://192.168.1.20:5000/${PIN}#t0ken`,
    `ft://[2001:db8::7]:5000/${PIN}#t0ken`,
  ]);
  deepEqual(invitesFor({ hosts: ["0.0.0.0"], port: 1, key: "plain" }, undefined, LAN), [
    "ft://192.168.1.20:1/plain",
  ]);
  const hosts = ["files.example.org", "www.example.org", "files.example.org"];
  deepEqual(invitesFor({ hosts, port: 443, key: "system" }, undefined, LAN), [
    "ft://files.example.org:443/system",
    "ft://www.example.org:443/system",
  ]);
});

Deno.test("readServing() gives what writeServing() kept, for its owner's eyes only", () => {
  using folder = temporaryFolder();
  throws(() => readServing(folder.path), { code: "not_found", hint: /--root/ });
  const serving = { hosts: ["0.0.0.0"], port: 5000, key: PIN, locked: true };
  writeServing(folder.path, { ...serving, port: 1 });
  writeServing(folder.path, serving);
  deepEqual(readServing(folder.path), serving);
  if (Deno.build.os === "windows") return;
  equal((Deno.statSync(`${folder.path}/.ft/serving.json`).mode ?? 0) & 0o777, 0o600);
});

const SOUND = { hosts: ["0.0.0.0"], port: 5000, key: PIN, locked: true };
for (
  const [what, text] of Object.entries({
    "nothing": "",
    "null": "null",
    "half of it": JSON.stringify(SOUND).slice(0, 20),
    "no hosts": JSON.stringify({ ...SOUND, hosts: [] }),
    "a host that would leave the quotes": JSON.stringify({ ...SOUND, hosts: ["a'; reboot; '"] }),
    "a host that is none": JSON.stringify({ ...SOUND, hosts: [1] }),
    "too many hosts": JSON.stringify({ ...SOUND, hosts: Array(101).fill("a") }),
    "a port that is text": JSON.stringify({ ...SOUND, port: "5000" }),
    "a port beyond the last": JSON.stringify({ ...SOUND, port: 65_536 }),
    "an unknown key": JSON.stringify({ ...SOUND, key: "open" }),
    "no word on who is let in": JSON.stringify({ ...SOUND, locked: undefined }),
  })
) {
  Deno.test(`readServing() does not go on with ${what}`, () => {
    using folder = temporaryFolder();
    Deno.mkdirSync(`${folder.path}/.ft`);
    Deno.writeTextFileSync(`${folder.path}/.ft/serving.json`, text);
    throws(() => readServing(folder.path), { code: "io", message: /serving\.json' is damaged/ });
  });
}

Deno.test("invitesOf() has the server's token, and another one when it is replaced", () => {
  using folder = temporaryFolder();
  writeServing(folder.path, { hosts: ["10.0.0.5"], port: 5000, key: PIN, locked: true });
  const tokenOf = ([invite = ""]: string[]) => parseInvite(invite).token;
  const first = tokenOf(invitesOf(folder.path, true));
  match(first ?? "", /^[\w-]{16,}$/);
  equal(tokenOf(invitesOf(folder.path, false)), first);
  const second = tokenOf(invitesOf(folder.path, true));
  notEqual(second, first);
  equal(tokenOf(invitesOf(folder.path, false)), second);
});

Deno.test("invitesOf() has no token of a server that asks for none, and replaces none", () => {
  using folder = temporaryFolder();
  writeServing(folder.path, { hosts: ["10.0.0.5"], port: 5000, key: PIN, locked: false });
  deepEqual(invitesOf(folder.path, false), [`ft://10.0.0.5:5000/${PIN}`]);
  throws(() => invitesOf(folder.path, true), { code: "usage", message: /no token/ });
});
