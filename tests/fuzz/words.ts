/** Fuzz targets: what a user, a script or a stranger writes as text. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseArguments } from "../../src/cli/arguments.ts";
import { failureText } from "../../src/cli/report.ts";
import { parseRate, parseSize } from "../../src/cli/size.ts";
import { COMMANDS, OPTIONS, VARIABLES } from "../../src/cli/table.ts";
import { displayWidth, escapeText, parseDuration, quoteShell } from "../../src/cli/text.ts";
import { checkToken } from "../../src/cli/token.ts";
import { FtError } from "../../src/error.ts";
import { acceptToken, acceptTokenName } from "../../src/storage/tokens.ts";
import { formatEndpoint, parseEndpoint } from "../../src/transport/endpoint.ts";
import { formatInvite, isInvite, isToken, parseInvite } from "../../src/verbs/invite.ts";
import { nearText, text } from "./mutate.ts";
import { outcome, type Target, target } from "./target.ts";

const PIN = "x".repeat(42) + "8";
const INVITES = [
  `ft://192.168.1.5:5000/${PIN}#0123456789abcdefghijkl`,
  `ft://[fe80::1%eth0]:5001/${PIN}`,
  "ft://files.example.com:443/system#a-chosen-token-of-some-length",
  "ft://localhost:1/plain",
];
const ADDRESSES = ["192.168.1.5:5000", "[::1]:5000", "[fe80::1%eth0]", "files.example.com", "h:0"];
const TOKENS = ["0123456789abcdefghijkl", "a".repeat(256), "~!@$%^&*()_+{}|:<>?"];
const AMOUNTS = ["0", "500MB", "1.5GiB", "50MB/s", "7d", "45s", "9007199254740991B", "8TiB"];

/** Nothing that moves the cursor, hides or reorders: what may go to a terminal. */
function assertHarmless(shown: string): void {
  assert.equal(escapeText(shown.replaceAll("\n", "")), shown.replaceAll("\n", ""));
}

const invites = target("invites", 300, nearText(fc.constantFrom(...INVITES)), (text) => {
  try {
    const invite = parseInvite(text);
    assert.ok(isInvite(text));
    const again = formatInvite(invite);
    assert.deepEqual(parseInvite(again), invite);
    assert.equal(formatInvite(parseInvite(again)), again);
    // Where it leads can be dialled and remembered.
    assert.deepEqual(parseEndpoint(formatEndpoint(invite.endpoint)), invite.endpoint);
    if (invite.token !== undefined) assert.ok(isToken(invite.token));
    assertHarmless(again);
  } catch (thrown) {
    if (!(thrown instanceof FtError)) throw thrown;
    assert.equal(thrown.code, "usage");
    assert.ok(text.length < 8 || !thrown.message.includes(text), "it may hold a token");
  }
});

const endpoints = target(
  "endpoints",
  300,
  fc.oneof(nearText(fc.constantFrom(...ADDRESSES)), text(40)),
  (text) => {
    const read = outcome(["usage"], () => parseEndpoint(text));
    if ("code" in read) return;
    const { hostname, port } = read.value;
    assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535);
    assert.ok(hostname !== "" && hostname.length <= 255);
    assert.deepEqual(parseEndpoint(formatEndpoint(read.value)), read.value);
    // It names a file of the state folder.
    assert.equal(decodeURIComponent(encodeURIComponent(hostname)), hostname);
  },
);

const tokens = target(
  "tokens",
  300,
  fc.oneof(nearText(fc.constantFrom(...TOKENS)), text(300)),
  (text) => {
    const made = outcome(["usage"], () => acceptToken(text));
    const brought = outcome(["usage"], () => checkToken(text, "It"));
    assert.equal("value" in brought, isToken(text));
    outcome(["usage", "bad_name"], () => acceptTokenName(text));
    if ("code" in made) return;
    // A token that a server may have can be brought, and stand in an invite.
    assert.deepEqual(brought, made);
    const invite = { endpoint: { hostname: "h", port: 1 }, key: "plain", token: text };
    assert.deepEqual(parseInvite(formatInvite(invite)), invite);
    assertHarmless(text);
  },
);

const amounts = target(
  "sizes, rates and durations",
  300,
  nearText(fc.constantFrom(...AMOUNTS)),
  (text) => {
    for (const parse of [parseSize, parseRate, parseDuration]) {
      const read = outcome(["usage"], () => parse(text));
      if ("value" in read) assert.ok(Number.isSafeInteger(read.value) && read.value >= 0);
    }
  },
);

const WORDS = [
  ...Object.keys(COMMANDS),
  ...Object.keys(OPTIONS).flatMap((name) => [`--${name}`, `--no-${name}`, `--${name}=`]),
  ...Object.keys(VARIABLES),
  ...AMOUNTS,
  ...INVITES,
  ...ADDRESSES,
  "-",
  "--",
  "---",
  "-=",
  "--=",
  "-qvh",
  "--__proto__",
  "--__proto__=1",
  "--constructor",
  "--toString=x",
];

const word = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: nearText(fc.constantFrom(...WORDS)) },
  { weight: 1, arbitrary: text(20) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...Object.keys(OPTIONS)), text(20))
      .map(([name, value]) => `--${name}=${value}`),
  },
);

const commandLines = target(
  "arguments and environment",
  500,
  fc.record({
    args: fc.oneof(
      fc.array(word, { maxLength: 8 }),
      fc.tuple(fc.constantFrom(...Object.keys(COMMANDS)), fc.array(word, { maxLength: 4 }))
        .map(([command, rest]) => [command, ...rest]),
    ),
    env: fc.array(
      fc.tuple(
        fc.constantFrom("FT_SERVER", "FT_STATE", "FT_TOKEN", "FT_QUIET", "FT_LIMIT", "HOME"),
        fc.oneof(word, text(20)),
      ),
      { maxLength: 2 },
    ),
  }),
  ({ args, env }) => {
    const variables = new Map<string, string>(env);
    try {
      const invocation = parseArguments(args, (name) => variables.get(name));
      assert.ok(["help", "version", "run"].includes(invocation.kind));
      if (invocation.kind !== "run") return;
      const known = new Set(
        Object.keys(OPTIONS).map((name) => name.replace(/-(.)/g, (_, c) => c.toUpperCase())),
      );
      for (const [name, value] of Object.entries(invocation.options)) {
        assert.ok(known.has(name), name);
        if (typeof value === "number") assert.ok(Number.isSafeInteger(value), name);
      }
      assert.ok(invocation.operands.every((operand) => args.includes(operand) || operand !== ""));
    } catch (thrown) {
      if (!(thrown instanceof FtError)) throw thrown;
      assert.equal(thrown.code, "usage");
      assertHarmless(failureText(thrown));
    }
  },
);

const shown = target("text on a terminal", 300, text(200), (text) => {
  const harmless = escapeText(text);
  assertHarmless(harmless);
  assert.equal(escapeText(harmless), harmless);
  assert.ok(displayWidth(harmless) <= 2 * harmless.length);
  assertHarmless(quoteShell(text));
  assertHarmless(failureText(new FtError("unexpected", text, { hint: text, side: "there" })));
});

/** These targets. */
export const WORDS_TARGETS: readonly Target[] = [
  invites,
  endpoints,
  tokens,
  amounts,
  commandLines,
  shown,
];
