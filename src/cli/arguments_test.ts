import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import { commandNamed, type Invocation, type Options, parseArguments } from "./arguments.ts";
import { Config } from "./config.ts";

const DEFAULTS: Options = {
  host: "127.0.0.1",
  port: 5000,
  root: undefined,
  requireToken: false,
  open: false,
  cert: undefined,
  key: undefined,
  keepPartials: 7 * 86_400_000,
  maxFile: 2 ** 44,
  quota: undefined,
  minFree: undefined,
  limit: undefined,
  limitClient: undefined,
  maxTransfers: 256,
  maxConnections: 1000,
  maxConnectionsPerAddress: 500,
  handshakeTimeout: 10_000,
  frameTimeout: 120_000,
  idleTimeout: 60_000,
  server: "127.0.0.1:5000",
  tokenFile: undefined,
  trustFirst: false,
  plain: false,
  new: false,
  yes: false,
  output: "downloads/",
  size: undefined,
  name: undefined,
  secret: false,
  hideName: false,
  codeFile: undefined,
  onConflict: "rename",
  exclude: [],
  links: "keep",
  dryRun: false,
  checksum: false,
  compress: "auto",
  allow: undefined,
  expires: undefined,
  downloads: undefined,
  note: undefined,
  sort: "age",
  match: undefined,
  older: 0,
  retries: 5,
  timeout: undefined,
  state: undefined,
  json: false,
  quiet: false,
};

function parse(args: string[], env: Record<string, string> = {}): Invocation {
  return parseArguments(args, (name) => env[name]);
}

/** The options of a command with a config file. */
function configured(args: string[], text: string, env: Record<string, string> = {}): Options {
  const invocation = parseArguments(args, (name) => env[name], () => new Config(text, "config"));
  ok(invocation.kind === "run");
  return invocation.options;
}

function run(args: string[], env: Record<string, string> = {}): Options {
  const invocation = parse(args, env);
  ok(invocation.kind === "run");
  return invocation.options;
}

/** Asserts a usage error; `message` is its whole text, `hint` a part of its hint. */
function refuses(args: string[], message: string, hint: string, env: Record<string, string> = {}) {
  throws(() => parse(args, env), (error) => {
    ok(error instanceof FtError, String(error));
    deepStrictEqual([error.code, error.message], ["usage", message]);
    ok(error.hint?.includes(hint), `${error.hint} has no ${hint}`);
    return true;
  });
}

Deno.test("parseArguments() gives every option its default", () => {
  deepStrictEqual(parse(["serve"]), {
    kind: "run",
    command: "serve",
    operands: [],
    options: DEFAULTS,
  });
});

Deno.test("parseArguments() takes every option in both ways of writing", () => {
  const server = ["--host", "0.0.0.0", "--port=0", "--root", "/srv", "--keep-partials=2h"];
  deepStrictEqual(run(["serve", ...server, "--state", "s", "--quiet"]), {
    ...DEFAULTS,
    host: "0.0.0.0",
    port: 0,
    root: "/srv",
    keepPartials: 7_200_000,
    state: "s",
    quiet: true,
  });
  const client = ["--server=[::1]:7", "-oout", "--on-conflict", "skip", "--retries", "1000", "-q"];
  const expected = {
    ...DEFAULTS,
    server: "[::1]:7",
    output: "out",
    onConflict: "skip",
    retries: 1000,
    quiet: true,
  };
  deepStrictEqual(run(["get", "a", ...client]), expected);
  deepStrictEqual(run([...client, "get", "a"]), expected);
  deepStrictEqual(run(["get", "-qo", "out", "a"]), { ...DEFAULTS, output: "out", quiet: true });
  strictEqual(run(["partials", "clear", "--older", "30m"]).older, 1_800_000);
});

Deno.test("parseArguments() lets the last of one option count", () => {
  strictEqual(run(["serve", "--port", "1", "--port", "2"]).port, 2);
  refuses(["serve", "--port", "x", "--port", "2"], "--port cannot be 'x'.", "0 to 65535");
});

Deno.test("parseArguments() gathers all of a list, in order", () => {
  deepStrictEqual(run(["put", "--exclude", "*.o", "a", "--exclude=!keep.o"]).exclude, [
    "*.o",
    "!keep.o",
  ]);
  deepStrictEqual(run(["put", "a"]).exclude, []);
  refuses(["put", "a", "--exclude", ""], "--exclude cannot be ''.", "It takes PATTERN");
  refuses(["put", "a", "--exclude"], "Option '--exclude' needs a value.", "It takes PATTERN");
  refuses(["get", "a", "--exclude", "x"], "Option '--exclude' is not for 'ft get'.", "ft get");
});

Deno.test("parseArguments() gives operands in order, with names after -- as they are", () => {
  const operands = (args: string[]) => {
    const invocation = parse(args);
    return invocation.kind === "run" && invocation.operands;
  };
  deepStrictEqual(operands(["put", "a b", "-q", "-", "🙂"]), ["a b", "-", "🙂"]);
  deepStrictEqual(operands(["put", "--", "--quiet", "-h", "--"]), ["--quiet", "-h", "--"]);
  deepStrictEqual(operands(["fetch"]), []);
  deepStrictEqual(operands(["list"]), []);
  deepStrictEqual(operands(["list", "public"]), ["public"]);
});

Deno.test("parseArguments() fills in operands that have a default", () => {
  const operands = (...args: string[]) => {
    const invocation = parse(["partials", ...args]);
    return invocation.kind === "run" && invocation.operands;
  };
  deepStrictEqual(operands(), ["list", "downloads"]);
  deepStrictEqual(operands("clear"), ["clear", "downloads"]);
  deepStrictEqual(operands("clear", "x"), ["clear", "x"]);
});

Deno.test("parseArguments() prefers command line to environment to config file to default", () => {
  const text = "retries = 1\nlimit = 1MB/s\n[get]\nretries = 2\noutput = in/\n";
  strictEqual(configured(["list"], text).retries, 1);
  strictEqual(configured(["get", "a"], text).retries, 2);
  strictEqual(configured(["get", "a"], text).output, "in/");
  strictEqual(configured(["get", "a"], text, { FT_RETRIES: "3" }).retries, 3);
  strictEqual(configured(["get", "a", "--retries", "4"], text, { FT_RETRIES: "3" }).retries, 4);
  // What a command does not take is none of its business.
  strictEqual(configured(["list"], text).limit, undefined);
  strictEqual(configured(["serve"], text).limit, 1_000_000);
});

Deno.test("parseArguments() reads no config file for what only explains", () => {
  const broken = () => {
    throw new FtError("usage");
  };
  for (const args of [["help", "put"], ["put", "--help"], ["--version"], ["config", "path"]]) {
    parseArguments(args, () => undefined, broken);
  }
  throws(() => parseArguments(["list"], () => undefined, broken), FtError);
});

Deno.test("parseArguments() takes flags of the environment as yes or no", () => {
  for (const word of ["yes", "true", "on", "1", "YES"]) {
    strictEqual(run(["list"], { FT_QUIET: word }).quiet, true, word);
  }
  for (const word of ["no", "false", "off", "0"]) {
    strictEqual(configured(["list"], "quiet = yes", { FT_QUIET: word }).quiet, false, word);
  }
  refuses(["list"], "FT_QUIET cannot be 'maybe'.", "It takes yes or no", { FT_QUIET: "maybe" });
});

Deno.test("parseArguments() lets nothing but the command line consent or destroy", () => {
  const env = {
    FT_TRUST_FIRST: "yes",
    FT_PLAIN: "yes",
    FT_OPEN: "yes",
    FT_NEW: "yes",
    FT_YES: "yes",
    FT_ALLOW: "put",
  };
  for (const args of [["fetch", "a"], ["serve"], ["invite"], ["token", "list"]]) {
    deepStrictEqual(run(args, env), DEFAULTS);
  }
  const message = "FT_ON_CONFLICT cannot be 'overwrite'.";
  refuses(["get", "a"], message, "has to be typed", { FT_ON_CONFLICT: "overwrite" });
  strictEqual(run(["get", "a"], { FT_ON_CONFLICT: "skip" }).onConflict, "skip");
});

Deno.test("parseArguments() takes what is empty in the environment as unset", () => {
  const env = { FT_SERVER: "env:1", FT_STATE: "/env" };
  deepStrictEqual(run(["list"], env), { ...DEFAULTS, server: "env:1", state: "/env" });
  deepStrictEqual(run(["list", "--server", "line:2", "--state=/line"], env), {
    ...DEFAULTS,
    server: "line:2",
    state: "/line",
  });
  deepStrictEqual(run(["list"], { FT_SERVER: "", FT_STATE: "" }), DEFAULTS);
  strictEqual(run(["client", "operand:3"], env).server, "operand:3");
});

Deno.test("parseArguments() takes a list from the environment line by line", () => {
  const env = { FT_EXCLUDE: "*.o\n\na b\n" };
  deepStrictEqual(run(["put", "a"], env).exclude, ["*.o", "a b"]);
  deepStrictEqual(run(["put", "a", "--exclude", "c"], env).exclude, ["c"]);
  deepStrictEqual(run(["get", "a"], env).exclude, []);
  const config = new Config("exclude = x\nexclude = y\n", "f");
  const invocation = parseArguments(["put", "a"], () => undefined, () => config);
  ok(invocation.kind === "run");
  deepStrictEqual(invocation.options.exclude, ["x", "y"]);
});

Deno.test("parseArguments() takes --root of ft unshare from nowhere but the command line", () => {
  const config = () => new Config("root = /srv/ft", "f");
  const roots = (command: string) => {
    const invocation = parseArguments(
      [command, "a"],
      (name) => ({ FT_ROOT: "/env" })[name],
      config,
    );
    return invocation.kind === "run" && invocation.options.root;
  };
  strictEqual(roots("unshare"), undefined);
  strictEqual(run(["verify"], { FT_ROOT: "/env" }).root, "/env");
});

Deno.test("parseArguments() names a variable that is wrong, where it matters", () => {
  const env = { FT_SERVER: "http://x" };
  refuses(["list"], "FT_SERVER cannot be 'http://x'.", "It takes HOST:PORT", env);
  strictEqual(run(["list", "--server", "a:1"], env).server, "a:1");
  strictEqual(run(["client", "a:1"], env).server, "a:1");
  deepStrictEqual(run(["serve"], env), DEFAULTS);
});

Deno.test("parseArguments() gives help for the whole, or for a command", () => {
  const help = (command?: string) => ({ kind: "help", command });
  deepStrictEqual(parse([]), help());
  deepStrictEqual(parse(["--help"]), help());
  deepStrictEqual(parse(["help"]), help());
  deepStrictEqual(parse(["-h"]), help());
  deepStrictEqual(parse(["put", "-qh"]), help("put"));
  deepStrictEqual(parse(["put", "--help", "--prot"]), help("put"));
  deepStrictEqual(parse(["--help", "put"]), help("put"));
  deepStrictEqual(parse(["help", "put"]), help("put"));
  deepStrictEqual(parse(["help", "--help"]), help("help"));
});

Deno.test("parseArguments() gives the version, but not for a file of that name", () => {
  deepStrictEqual(parse(["--version"]), { kind: "version" });
  deepStrictEqual(parse(["put", "--version"]), { kind: "version" });
  strictEqual(parse(["put", "--", "--version"]).kind, "run");
});

Deno.test("parseArguments() refuses unknown commands and names the nearest", () => {
  refuses(["sevre"], "Unknown command 'sevre'.", "Did you mean serve? See: ft --help");
  refuses(["help", "fecth"], "Unknown command 'fecth'.", "Did you mean fetch?");
  refuses(["--help", "fecth"], "Unknown command 'fecth'.", "Did you mean fetch?");
  for (const name of ["upload", "__proto__", "constructor", "Put", ""]) {
    refuses([name], `Unknown command '${name}'.`, "See: ft --help");
  }
  refuses(["--", "--help"], "Unknown command '--help'.", "See: ft --help");
  refuses(["-q"], "No command given.", "See: ft --help");
  refuses(["--"], "No command given.", "See: ft --help");
});

Deno.test("parseArguments() refuses unknown options and names the nearest", () => {
  const see = "Did you mean --port? See: ft serve --help";
  refuses(["serve", "--prot", "1"], "Unknown option '--prot'.", see);
  refuses(["serve", "--prot=1"], "Unknown option '--prot'.", see);
  refuses(["--prot", "1", "serve"], "Unknown option '--prot'.", "--port? See: ft --help");
  refuses(["put", "--prot", "a"], "Unknown option '--prot'.", "go after --. See: ft put --help");
  refuses(["serve", "-x"], "Unknown option '-x'.", "See: ft serve --help");
  refuses(["put", "-qx"], "Unknown option '-qx'.", "go after --");
  refuses(["put", "-🙂"], "Unknown option '-🙂'.", "go after --");
  refuses(["put", "--no-quiet"], "Unknown option '--no-quiet'.", "See");
  refuses(["put", "--__proto__=1"], "Unknown option '--__proto__'.", "See");
  refuses(["put", "--onConflict"], "Unknown option '--onConflict'.", "--on-conflict?");
});

Deno.test("parseArguments() refuses options of other commands", () => {
  const see = "See: ft put --help";
  refuses(["put", "--port", "1", "a"], "Option '--port' is not for 'ft put'.", see);
  refuses(["--port", "1", "put", "a"], "Option '--port' is not for 'ft put'.", see);
  refuses(["put", "-o", "x", "a"], "Option '--output' is not for 'ft put'.", see);
  const dash = "Names that begin with a dash go after --. See: ft put --help";
  refuses(["put", "-odd name.txt"], "Option '-odd name.txt' is not for 'ft put'.", dash);
  refuses(["help", "--state", "x"], "Option '--state' is not for 'ft help'.", "ft help --help");
});

Deno.test("parseArguments() refuses options without a value, and flags with one", () => {
  refuses(["serve", "--port"], "Option '--port' needs a value.", "a whole number from 0 to 65535");
  refuses(["get", "a", "-o"], "Option '--output' needs a value.", "It takes PATH");
  refuses(["get", "-o", "-q", "a"], "Option '--output' needs a value.", "write --output=-q");
  refuses(["get", "-o", "--", "a"], "Option '--output' needs a value.", "write --output=--");
  strictEqual(run(["get", "a", "--output=-x"]).output, "-x");
  strictEqual(run(["get", "a", "-o", "-"]).output, "-");
  refuses(["put", "--quiet=yes", "a"], "Option '--quiet' takes no value.", "Leave out '=yes'");
  refuses(["put", "--help=yes", "a"], "Option '--help' takes no value.", "Leave out '=yes'");
});

Deno.test("parseArguments() checks numbers strictly", () => {
  strictEqual(run(["serve", "--port", "65535"]).port, 65535);
  for (const port of ["", "65536", "-1", "+1", "1.0", "1e3", "0x10", "05", " 5", "5\u00a0", "٥"]) {
    refuses([`serve`, `--port=${port}`], `--port cannot be '${port}'.`, "from 0 to 65535");
  }
  refuses(["list", "--retries=1001"], "--retries cannot be '1001'.", "from 0 to 1000");
});

Deno.test("parseArguments() checks choices, durations and texts", () => {
  const choices = "one of rename, overwrite, skip, fail";
  refuses(["put", "a", "--on-conflict=ask"], "--on-conflict cannot be 'ask'.", choices);
  refuses(["serve", "--keep-partials=7"], "--keep-partials cannot be '7'.", "45s, 30m, 2h or 7d");
  refuses(["get", "a", "--output="], "--output cannot be ''.", "It takes PATH");
  for (const server of ["h:1", "h", "[::1]:1", "[::1]", "192.168.1.20:5000", "ü.example:65535"]) {
    strictEqual(run(["list", "--server", server]).server, server);
  }
  for (const server of ["", ":1", "::1", "h:", "h:x", "h:123456", "http://h:1", "a b:1", "[]:1"]) {
    refuses(["list", "--server", server], `--server cannot be '${server}'.`, "It takes HOST:PORT");
  }
});

Deno.test("parseArguments() checks sizes, rates and the least of them", () => {
  const limits = ["--max-file=0", "--quota", "1.5GiB", "--min-free=0", "--limit-client=64KB"];
  deepStrictEqual(run(["serve", "--limit", "50MB/s", "--idle-timeout=30s", ...limits]), {
    ...DEFAULTS,
    maxFile: 0,
    quota: 1_610_612_736,
    minFree: 0,
    limit: 50_000_000,
    limitClient: 64_000,
    idleTimeout: 30_000,
  });
  refuses(["serve", "--quota=5x"], "--quota cannot be '5x'.", "such as 500MB or 1.5GiB");
  refuses(["serve", "--quota", "-1GB"], "Option '--quota' needs a value.", "--quota=-1GB");
  refuses(["serve", "--max-file="], "--max-file cannot be ''.", "or a number and a unit");
  for (const rate of ["0", "63KB/s", "fast", "50Mbit/s"]) {
    refuses(["serve", `--limit=${rate}`], `--limit cannot be '${rate}'.`, "at least 64KB/s.");
  }
  refuses(["serve", "--idle-timeout=29s"], "--idle-timeout cannot be '29s'.", "at least 30s.");
  refuses(["serve", "--handshake-timeout=0s"], "--handshake-timeout cannot be '0s'.", "1s");
  refuses(["put", "a", "--quota=1GB"], "Option '--quota' is not for 'ft put'.", "ft put --help");
});

Deno.test("parseArguments() checks operands", () => {
  refuses(
    ["put"],
    "'ft put' needs at least one FILE.",
    "Usage: ft put FILE...  See: ft put --help",
  );
  refuses(["get", "--"], "'ft get' needs at least one NAME.", "ft get NAME...");
  refuses(["serve", "x"], "Unexpected operand 'x'.", "Usage: ft serve  See");
  refuses(["client", "a:1", "b:2"], "Unexpected operand 'b:2'.", "ft client [SERVER]");
  refuses(["help", "put", "get"], "Unexpected operand 'get'.", "ft help [COMMAND]");
  refuses(["list", "private"], "ROOM cannot be 'private'.", "It can be public or shared.");
  refuses(["partials", "out"], "ACTION cannot be 'out'.", "It can be list or clear.");
  refuses(["client", "a b"], "SERVER cannot be 'a b'.", "It takes HOST:PORT");
  refuses(["client", "a:1", "--server=b:2"], "Both SERVER and --server are given.", "Leave one");
});

Deno.test("parseArguments() escapes what it repeats", () => {
  const bad = "\x1b\x9b\u202e\n\ud800";
  const seen = "\\u{1b}\\u{9b}\\u{202e}\\u{a}\ufffd";
  refuses([bad], `Unknown command '${seen}'.`, "See");
  refuses(["put", `--${bad}`], `Unknown option '--${seen}'.`, "See");
  refuses(["put", `-${bad}`], `Unknown option '-${seen}'.`, "See");
  refuses(["serve", `--port=${bad}`], `--port cannot be '${seen}'.`, "See");
  refuses(["serve", `--port`, `-${bad}`], "Option '--port' needs a value.", `--port=-${seen}`);
  refuses(["serve", `--quiet=${bad}`], "Option '--quiet' takes no value.", `'=${seen}'`);
  refuses(["serve", bad], `Unexpected operand '${seen}'.`, "See");
  refuses(["list", bad], `ROOM cannot be '${seen}'.`, "See");
  refuses(["list"], `FT_SERVER cannot be '${seen}'.`, "See", { FT_SERVER: bad });
});

Deno.test("parseArguments() of anything answers or refuses as usage, with a hint", () => {
  const word = fc.oneof(
    fc.constantFrom("put", "serve", "help", "--", "-", "--port", "--port=", "-o", "-qo", "--=x"),
    fc.string({ unit: "binary", maxLength: 8 }).map((text) => `-${text}`),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      try {
        parse(args);
      } catch (error) {
        ok(error instanceof FtError && error.code === "usage" && error.hint, String(error));
        strictEqual(/\p{C}/u.test(error.message + error.hint), false);
      }
    }),
    { seed: 2, numRuns: 2000 }, // A failure prints the seed and the shrunk case.
  );
});

Deno.test("commandNamed() knows its own names only", () => {
  strictEqual(commandNamed("put"), "put");
  throws(() => commandNamed("toString"), FtError);
});
