import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { FtError } from "../error.ts";
import { Config, configPath, readConfig } from "./config.ts";

/** Asserts that a file is refused: `message` is the whole text, `hint` a part of its hint. */
function refuses(text: string, message: string, hint: string): void {
  throws(() => new Config(text, "f"), (error) => {
    ok(error instanceof FtError, String(error));
    deepStrictEqual([error.code, error.message], ["usage", message]);
    ok(error.hint?.includes(hint), `${error.hint} has no ${hint}`);
    return true;
  });
}

Deno.test("Config takes settings, comments and sections, and says where each stands", () => {
  const text = "\ufeff# mine\r\n\r\n  server = nas\r\nquiet=yes\n[ get ]\noutput = a = b # c\n";
  const config = new Config(text, "f");
  const at = (written: string, line: number) => ({ written, origin: "file", source: `f:${line}` });
  deepStrictEqual(config.get("list", "server"), at("nas", 3));
  deepStrictEqual(config.get(undefined, "quiet"), at("yes", 4));
  deepStrictEqual(config.get("get", "output"), at("a = b # c", 6));
  strictEqual(config.get("fetch", "output"), undefined);
  strictEqual(config.own("get", "server"), undefined);
});

Deno.test("Config takes a list as often as it is said, a section's in place of all", () => {
  const config = new Config("exclude = *.o\nexclude = # not a comment\n[put]\nexclude = b", "f");
  strictEqual(config.get("share", "exclude")?.written, "*.o\n# not a comment");
  deepStrictEqual(config.get("share", "exclude")?.source, "f:1");
  deepStrictEqual(config.get("share", "exclude")?.sources, ["f:1", "f:2"]);
  strictEqual(config.get("put", "exclude")?.written, "b");
  refuses("exclude =", "f:1: exclude cannot be ''.", "It takes PATTERN");
});

Deno.test("Config has no place for what decides whose share is removed", () => {
  const config = new Config("root = /srv/ft", "f");
  strictEqual(config.get("serve", "root")?.written, "/srv/ft");
  refuses("[unshare]\nroot = x", "f:2: 'root' cannot be set here.", "It has to be typed: --root");
});

Deno.test("Config takes ~/ in paths for the home folder, and in nothing else", () => {
  const config = new Config("output = ~/in/\nstate = ~\nserver = nas", "f", "/home/ana");
  strictEqual(config.get("get", "output")?.written, "/home/ana/in/");
  strictEqual(config.get("get", "state")?.written, "/home/ana");
});

Deno.test("Config refuses what is wrong, with its line and what to write", () => {
  refuses("\nretrys = 3", "f:2: There is no option 'retrys'.", "Did you mean retries?");
  refuses("--retries = 3", "f:1: There is no option '--retries'.", "Did you mean retries?");
  refuses("zzz = 3", "f:1: There is no option 'zzz'.", "ft COMMAND --help");
  refuses("retries = many", "f:1: retries cannot be 'many'.", "a whole number from 0 to 1000");
  refuses("retries =", "f:1: retries cannot be ''.", "a whole number");
  refuses("quiet = perhaps", "f:1: quiet cannot be 'perhaps'.", "It takes yes or no.");
  refuses("retries", "f:1: 'retries' is no setting.", "option = value");
  refuses("[gte]", "f:1: There is no command 'gte'.", "Did you mean [get]?");
  refuses("[list]\noutput = x", "f:2: 'output' is not for 'ft list'.", "ft list --help");
  refuses("retries = 1\nretries = 2", "f:2: 'retries' is set twice.", "The first is in f:1");
  for (const name of ["yes", "trust-first", "open", "new", "plain", "allow", "help"]) {
    refuses(`${name} = yes`, `f:1: '${name}' cannot be set here.`, `It has to be typed: --${name}`);
  }
  refuses("on-conflict = overwrite", "f:1: on-conflict cannot be 'overwrite'.", "has to be typed");
  refuses("x\x1b[2J = 1", "f:1: There is no option 'x\\u{1b}[2J'.", "See");
});

Deno.test("Config fails as usage or not at all, whatever the file says", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.constantFrom("server", "quiet", "port", "yes"), fc.string()).map((pair) =>
      pair.join(" = ")
    ),
    fc.constantFrom("[get]", "[serve]", "[", "#"),
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    try {
      new Config(lines.join("\n"), "f");
    } catch (error) {
      ok(error instanceof FtError && error.code === "usage", String(error));
      match(error.message, /^f:\d+: /);
    }
  }));
});

Deno.test("configPath() is FT_CONFIG's, else in the user's folder for such files", () => {
  const path = (env: Record<string, string>) => configPath((name) => env[name]);
  strictEqual(path({ FT_CONFIG: "/c", HOME: "/h", XDG_CONFIG_HOME: "/x" }), "/c");
  strictEqual(path({}), undefined);
  if (Deno.build.os !== "linux") return;
  strictEqual(path({ HOME: "/h", FT_CONFIG: "" }), "/h/.config/ft/config");
  strictEqual(path({ HOME: "/h", XDG_CONFIG_HOME: "/x" }), "/x/ft/config");
});

/** Reads a config file that has these bytes and this mode. */
function read(content: string | Uint8Array<ArrayBuffer>, mode = 0o600): Config {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/config`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(path, bytes);
    if (Deno.build.os !== "windows") Deno.chmodSync(path, mode);
    return readConfig((name) => name === "FT_CONFIG" ? path : undefined);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("readConfig() reads a file, and takes one that is not there for empty", () => {
  strictEqual(read("retries = 2").get("list", "retries")?.written, "2");
  strictEqual(read("retries = 2", 0o644).get("list", "retries")?.written, "2");
  const home = "/nothing is here";
  strictEqual(
    readConfig((name) => name === "HOME" ? home : undefined).get("list", "retries"),
    undefined,
  );
  strictEqual(readConfig(() => undefined).get("list", "retries"), undefined);
});

Deno.test("readConfig() reads none where FT_CONFIG is /dev/null", () => {
  const config = readConfig((name) => name === "FT_CONFIG" ? "/dev/null" : "/no/home");
  strictEqual(config.get(undefined, "server"), undefined);
});

Deno.test("readConfig() refuses a file that FT_CONFIG names and that cannot be one", () => {
  const refused = (why: RegExp, work: () => unknown) =>
    throws(work, (error) =>
      error instanceof FtError && error.code === "usage" &&
      why.test(error.message));
  refused(
    /is not there/,
    () => readConfig((name) => name === "FT_CONFIG" ? "/no/such" : undefined),
  );
  refused(/is no config file/, () => readConfig((name) => name === "FT_CONFIG" ? "/" : undefined));
  refused(/is no config file/, () => read("#".repeat(70_000)));
  refused(/is no UTF-8 text/, () => read(new Uint8Array([0xff, 0xfe])));
});

Deno.test({
  name: "readConfig() refuses a file that others can change",
  ignore: Deno.build.os === "windows",
}, () => {
  for (const mode of [0o620, 0o602, 0o666]) {
    throws(() => read("retries = 2", mode), /can be changed by other users/);
  }
});

Deno.test({
  name: "readConfig() refuses a file of another user, but not the administrator's",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/config`;
  try {
    Deno.writeTextFileSync(path, "retries = 2", { mode: 0o600 });
    const env = (name: string) => name === "FT_CONFIG" ? path : undefined;
    readConfig(env);
    Deno.chownSync(path, 12345, null);
    throws(() => readConfig(env), /belongs to another user/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
