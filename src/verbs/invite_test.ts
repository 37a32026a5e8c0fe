import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import { fingerprint, formatInvite, isInvite, isToken, parseInvite } from "./invite.ts";

const PIN = "k".repeat(42) + "A";
const seed = Date.now() & 0x7fffffff;

const words = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PRINTABLE = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)).join("");

const hosts = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("::1", "fe80::1%eth0", "localhost", "nas", "a_b", "1", "x".repeat(253)),
);
const invites = fc.record({
  endpoint: fc.record({ hostname: hosts, port: fc.integer({ min: 1, max: 65_535 }) }),
  key: fc.oneof(words(BASE64URL, 43, 43), fc.constantFrom("system", "plain")),
  token: words(PRINTABLE.replace(/[#']/g, ""), 1, 256),
}, { requiredKeys: ["endpoint", "key"] });

Deno.test(`parseInvite() is the inverse of formatInvite() (seed ${seed})`, () => {
  fc.assert(
    fc.property(invites, (invite) => {
      const text = formatInvite(invite);
      ok(isInvite(text));
      deepEqual({ ...parseInvite(text) }, { ...invite, endpoint: { ...invite.endpoint } });
      equal(formatInvite(parseInvite(text)), text);
    }),
    { seed },
  );
});

Deno.test(`parseInvite() takes no other text for an invite, and tells nothing of it (seed ${seed})`, () => {
  const near = fc.tuple(invites, fc.nat(), words(PRINTABLE + " \n\u{1f600}", 0, 3)).map(
    ([invite, at, put]) => {
      const text = formatInvite({ token: "sEcReT".repeat(3), ...invite });
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + at % 2);
    },
  );
  fc.assert(
    fc.property(near, (text) => {
      try {
        // What is taken is canonical: it has no second way to be written.
        equal(formatInvite(parseInvite(text)), text);
      } catch (thrown) {
        ok(thrown instanceof FtError && thrown.code === "usage", String(thrown));
        ok(!/sEcReT/.test(thrown.message + thrown.hint));
      }
    }),
    { seed },
  );
});

Deno.test("parseInvite() reads each part", () => {
  deepEqual(parseInvite(`ft://192.168.1.5:5000/${PIN}#t0ken!`), {
    endpoint: { hostname: "192.168.1.5", port: 5000 },
    key: PIN,
    token: "t0ken!",
  });
  deepEqual(parseInvite("ft://[2001:db8::7]:443/system"), {
    endpoint: { hostname: "2001:db8::7", port: 443 },
    key: "system",
  });
  equal(parseInvite("ft://nas:1/plain").key, "plain");
});

for (
  const [what, text] of Object.entries({
    "nothing": "",
    "no scheme": `nas:5000/${PIN}`,
    "another scheme": `http://nas:5000/${PIN}`,
    "capitals in the scheme": `FT://nas:5000/${PIN}`,
    "no port": `ft://nas/${PIN}`,
    "port 0": `ft://nas:0/${PIN}`,
    "a port with a zero before it": `ft://nas:05000/${PIN}`,
    "a port beyond the last": `ft://nas:65536/${PIN}`,
    "no host": `ft://:5000/${PIN}`,
    "a user": `ft://me@nas:5000/${PIN}`,
    "a host with a control character": `ft://na\x1bs:5000/${PIN}`,
    "a host with a character of another script": `ft://n\u0430s:5000/${PIN}`,
    "IPv6 without brackets": `ft://::1:5000/${PIN}`,
    "brackets around a name": `ft://[nas]:5000/${PIN}`,
    "no key": "ft://nas:5000/",
    "no key and no slash": "ft://nas:5000",
    "a pin that is cut": `ft://nas:5000/${PIN.slice(1)}`,
    "a pin that is too long": `ft://nas:5000/${PIN}A`,
    "an unknown word": "ft://nas:5000/open",
    "a path behind the key": `ft://nas:5000/${PIN}/x`,
    "a query": `ft://nas:5000/${PIN}?x`,
    "an empty token": `ft://nas:5000/${PIN}#`,
    "a token with a space": `ft://nas:5000/${PIN}#a b`,
    "a token with a line end": `ft://nas:5000/${PIN}#a\n`,
    "a token with a quote": `ft://nas:5000/${PIN}#a'b`,
    "a token with a second #": `ft://nas:5000/${PIN}#a#b`,
    "a token that is too long": `ft://nas:5000/${PIN}#${"x".repeat(257)}`,
    "a space at the end": `ft://nas:5000/${PIN} `,
    "two invites": `ft://nas:5000/${PIN}ft://nas:5000/${PIN}`,
  })
) {
  Deno.test(`parseInvite() refuses ${what}`, () => {
    throws(() => parseInvite(text), { code: "usage", message: /invite/ });
  });
}

Deno.test("formatInvite() makes nothing that parseInvite() refuses", () => {
  const endpoint = { hostname: "nas", port: 5000 };
  for (const token of ["", "a#b", "a'b", "a b", "\u00e4"]) {
    throws(() => formatInvite({ endpoint, key: PIN, token }), { code: "usage" });
  }
  throws(() => formatInvite({ endpoint, key: "other" }), { code: "usage" });
  throws(() => formatInvite({ endpoint: { hostname: "nas", port: 0 }, key: PIN }));
});

Deno.test("isToken() takes printable ASCII and no more than the protocol does", () => {
  for (const token of ["a", "#'", "x".repeat(256), "!~"]) ok(isToken(token), token);
  for (const token of ["", "a b", "a\n", "\u00e4", "x".repeat(257), "a\0"]) {
    ok(!isToken(token), token);
  }
});

Deno.test("fingerprint() shows the whole pin", () => equal(fingerprint(PIN), `SHA256:${PIN}`));
