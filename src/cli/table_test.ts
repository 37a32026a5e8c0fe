import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { SERVE_LIMITS } from "../mod.ts";
import { parseArguments } from "./arguments.ts";
import { limitsOf } from "./serve_options.ts";
import {
  ALWAYS,
  type Command,
  COMMANDS,
  EVERYWHERE,
  operandText,
  type Option,
  type OptionName,
  OPTIONS,
  usageLine,
  variableOf,
} from "./table.ts";

const commands = Object.entries<Command>(COMMANDS);
const options = Object.entries<Option>(OPTIONS);

Deno.test("COMMANDS take their contract's operands and options", () => {
  const contract: Record<string, [string, string]> = {
    serve: [
      "ft serve",
      "host port root require-token open cert key plain keep-partials max-file quota min-free limit " +
      "limit-client max-transfers max-connections max-connections-per-address " +
      "handshake-timeout frame-timeout idle-timeout state quiet",
    ],
    client: [
      "ft client [SERVER]",
      "server token-file trust-first plain code-file output retries limit state quiet",
    ],
    put: [
      "ft put FILE...",
      "server token-file trust-first plain exclude links name size on-conflict checksum dry-run " +
      "compress retries limit timeout state quiet",
    ],
    get: [
      "ft get NAME...",
      "server token-file trust-first plain output on-conflict checksum dry-run compress retries " +
      "limit timeout state quiet",
    ],
    share: [
      "ft share FILE...",
      "server token-file trust-first plain exclude links expires downloads note secret hide-name " +
      "name size on-conflict checksum dry-run compress retries limit timeout state quiet",
    ],
    fetch: [
      "ft fetch [NAME or NUMBER...]",
      "server token-file trust-first plain code-file output on-conflict checksum dry-run yes " +
      "compress retries limit timeout state quiet",
    ],
    retry: ["ft retry", "trust-first retries limit timeout state quiet"],
    list: [
      "ft list [public|shared]",
      "server token-file trust-first plain sort match retries timeout state quiet",
    ],
    info: [
      "ft info NAME [public|shared]",
      "server token-file trust-first plain retries timeout state quiet",
    ],
    mine: ["ft mine", "server token-file trust-first plain sort match retries timeout state quiet"],
    unshare: [
      "ft unshare NAME...",
      "server token-file trust-first plain root retries timeout state quiet",
    ],
    sum: ["ft sum FILE...", "timeout state quiet"],
    partials: ["ft partials [list|clear] [DIR]", "older state quiet"],
    join: ["ft join INVITE [NAME]", "plain timeout state quiet"],
    trust: ["ft trust [list|forget] [SERVER]", "state quiet"],
    invite: ["ft invite", "root new state quiet"],
    token: ["ft token add|list|revoke [NAME]", "allow expires root state quiet"],
    verify: ["ft verify [private|public|shared]", "root timeout state quiet"],
    config: ["ft config path|show [COMMAND]", "quiet"],
    completion: ["ft completion bash|zsh|fish|powershell", "quiet"],
    manual: ["ft manual", "quiet"],
    help: ["ft help [COMMAND]", "quiet"],
  };
  deepStrictEqual(commands.map(([name]) => name), Object.keys(contract));
  for (const [name, row] of commands) {
    deepStrictEqual(
      [usageLine(name as keyof typeof COMMANDS), row.options.join(" ")],
      contract[name],
    );
  }
});

Deno.test("OPTIONS are each used, and only existing ones are", () => {
  const used = new Set<string>([
    ...commands.flatMap(([, row]) => row.options),
    ...ALWAYS,
    ...EVERYWHERE,
  ]);
  deepStrictEqual([...used].sort(), Object.keys(OPTIONS).sort());
  for (const [name, row] of commands) {
    strictEqual(new Set(row.options).size, row.options.length, name);
    for (const always of [...ALWAYS, ...EVERYWHERE]) ok(!row.options.includes(always), name);
  }
});

Deno.test("OPTIONS have names and letters of one kind, none twice", () => {
  for (const [name, option] of options) {
    match(name, /^[a-z]+(-[a-z]+)*$/);
    if (option.short !== undefined) match(option.short, /^[a-z]$/);
    ok(option.help.endsWith("."), name);
  }
  const letters = options.flatMap(([, option]) => option.short ?? []);
  strictEqual(new Set(letters).size, letters.length);
});

Deno.test("variableOf() names one for every option but those that consent, destroy or explain", () => {
  const without = options.map(([name]) => name as OptionName).filter((name) =>
    variableOf(name) === undefined
  );
  deepStrictEqual(without.sort(), [
    "allow",
    "help",
    "new",
    "open",
    "plain",
    "trust-first",
    "version",
    "yes",
  ]);
  strictEqual(variableOf("max-connections-per-address"), "FT_MAX_CONNECTIONS_PER_ADDRESS");
});

Deno.test("OPTIONS have defaults that could be typed", () => {
  for (const [name, option] of options) {
    if (option.kind === "flag" || option.default === undefined) continue;
    const [taker] = commands.find(([, row]) => row.options.some((one) => one === name)) ?? [];
    ok(taker !== undefined, name);
    const operands = COMMANDS[taker as keyof typeof COMMANDS].operands.map(({ name }) => name);
    const args = [taker, `--${name}=${option.default}`];
    const need = "client partials list".includes(taker) ? [] : operands;
    const typed = parseArguments([...args, ...need], () => undefined);
    deepStrictEqual(typed, parseArguments([taker, ...need], () => undefined), name);
  }
});

Deno.test("OPTIONS of serve have the library's limits as defaults, every one of them", () => {
  const invocation = parseArguments(["serve"], () => undefined);
  ok(invocation.kind === "run");
  deepStrictEqual(limitsOf(invocation.options), SERVE_LIMITS);
});

Deno.test("COMMANDS have operands that can be told apart", () => {
  for (const [name, { operands }] of commands) {
    operands.forEach((operand, index) => {
      const last = index === operands.length - 1;
      ok(last || !operand.repeatable, `${name}: only the last may repeat`);
      ok(last || !operand.optional || operands[index + 1]?.optional, `${name}: optional come last`);
      ok(operand.default === undefined || operand.optional, `${name}: a default needs optional`);
      const { choices, default: word } = operand;
      ok(
        !choices || word === undefined || choices.includes(word),
        `${name}: a default is a choice`,
      );
      ok(operandText(operand).length > 0 && operand.help.endsWith("."), name);
    });
    // A default is put at the end, so the ones before it must have one too.
    const first = operands.findIndex((operand) => operand.default !== undefined);
    ok(first <= 0 || operands.slice(0, first).every((one) => !one.optional), name);
  }
});

Deno.test("COMMANDS have examples that parse as the command they explain", () => {
  for (const [name, { examples, summary }] of commands) {
    ok(examples.length > 0, name);
    ok(!summary.endsWith("."), name);
    for (const { args, sentence } of examples) {
      strictEqual(args[0], name);
      ok(sentence.endsWith("."), sentence);
      const invocation = parseArguments(args, () => undefined);
      if (name === "help") deepStrictEqual(invocation, { kind: "help", command: args[1] });
      else ok(invocation.kind === "run" && invocation.command === name);
    }
  }
});
