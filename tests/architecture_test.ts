/**
 * Holds every import against the table of who may know whom, and sources against other rules.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
/** Where the program and the library begin. */
const ENTRIES = ["main.ts", "src/mod.ts"];

/** What the files of each room may import from other rooms. Single files are rooms of their own. */
const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": ["cli"],
  cli: [
    "clock.ts",
    "entropy.ts",
    "verbs",
    "mod.ts",
    "session",
    "error.ts",
    "name.ts",
    "version.ts",
  ],
  "mod.ts": ["verbs", "session", "storage", "error.ts"],
  verbs: ["clock.ts", "session", "transport", "storage", "name.ts", "error.ts", "version.ts"],
  session: [
    "clock.ts",
    "buffer_pool.ts",
    "transport",
    "storage",
    "protocol",
    "name.ts",
    "error.ts",
  ],
  transport: ["clock.ts", "buffer_pool.ts", "name.ts", "error.ts", "version.ts"],
  storage: ["buffer_pool.ts", "name.ts", "error.ts", "version.ts"],
  protocol: ["name.ts", "error.ts", "version.ts"],
  "name.ts": ["error.ts"],
  "clock.ts": [],
  "buffer_pool.ts": [],
  "entropy.ts": [],
  "error.ts": [],
  "version.ts": ["deno.json"],
};
/** Of these rooms another may use only types. */
const TYPES_ONLY: ReadonlySet<string> = new Set([
  "cli session",
  "mod.ts session",
  "mod.ts storage",
]);
/** The one file for each package. */
const PACKAGES: Record<string, string> = {
  "@clack/core": "src/cli/prompt_terminal.ts",
  "@peculiar/x509": "src/transport/self_signed.ts",
  "ignore": "src/storage/ignore_rules.ts",
  "age-encryption": "src/verbs/age.ts",
  "reflect-metadata": "src/transport/self_signed.ts",
  "uqr": "src/cli/qr.ts",
};
/** The few files for each module of the runtime that takes tens of milliseconds to load. */
const HEAVY: Record<string, readonly string[]> = {
  "node:crypto": [
    "src/protocol/digest.ts",
    "src/transport/certificate.ts",
    "src/verbs/age_payload.ts",
  ],
  "node:fs": ["src/storage/free_space.ts"],
  "node:tls": ["src/transport/node_tls.ts", "src/transport/dial.ts"],
};
const MOST_LINES = 320;

interface Import {
  readonly from: string;
  /** A file of ours by its path in the repository, else the specifier as it is written. */
  readonly to: string;
  readonly isDynamic: boolean;
  readonly isType: boolean;
}

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string; readonly error?: string };
      readonly type?: { readonly specifier?: string; readonly error?: string };
    }[];
  }[];
}

/** The path in the repository of a module of ours. */
function local(specifier: string): string | undefined {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : undefined;
}

async function importsOf(entry: string): Promise<{ files: string[]; imports: Import[] }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: fileURLToPath(ROOT),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { modules }: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const files: string[] = [];
  const imports: Import[] = [];
  for (const { specifier, error, dependencies = [] } of modules) {
    assert.equal(error, undefined, specifier);
    const from = local(specifier);
    if (from === undefined) continue;
    files.push(from);
    for (const { specifier: written, isDynamic = false, code, type } of dependencies) {
      const resolved = code?.specifier ?? type?.specifier;
      assert.ok(resolved !== undefined, `${from}: ${written} is not found`);
      const to = local(resolved) ?? written;
      imports.push({ from, to, isDynamic, isType: code === undefined });
    }
  }
  return { files, imports };
}

const graphs = await Promise.all(ENTRIES.map(importsOf));
const files = new Set(graphs.flatMap((graph) => graph.files));
const imports = graphs.flatMap((graph) => graph.imports);

function roomOf(file: string): string {
  return file.startsWith("src/") ? file.split("/")[1] ?? "" : file;
}

/** Every source file below src/, tests left out, with its text. */
function* sources(folder = "src"): Generator<{ file: string; text: string }> {
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(file);
    else if (file.endsWith(".ts") && !file.endsWith("_test.ts")) {
      yield { file, text: Deno.readTextFileSync(new URL(file, ROOT)) };
    }
  }
}

Deno.test("architecture: the graph is that of the program and of all of src/", () => {
  for (const entry of ENTRIES) assert.ok(files.has(entry), entry);
  assert.ok(imports.length > 100, `${imports.length} imports`);
  const unused = [...sources()].map(({ file }) => file).filter((file) => !files.has(file));
  assert.deepEqual(unused, [], "nothing imports these files");
});

Deno.test("architecture: the table has every room, and no other", () => {
  const rooms = new Set([...files].map(roomOf));
  rooms.delete("deno.json");
  assert.deepEqual(new Set(Object.keys(ALLOWED)), rooms);
});

Deno.test("architecture: no import leads from one room to another that it may not know", () => {
  const wrong = imports.filter(({ from, to, isType }) => {
    const [own, other] = [roomOf(from), roomOf(to)];
    if (!files.has(to) || own === other) return false;
    if (!ALLOWED[own]?.includes(other)) return true;
    return !isType && TYPES_ONLY.has(`${own} ${other}`);
  });
  assert.deepEqual(wrong.map(({ from, to }) => `${from} -> ${to}`), []);
});

/** The names between braces that a pattern finds in a text, without what they are renamed to. */
function named(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, names = ""]) => names.split(","))
    .map((name) => name.trim().replace(/^type /, "").replace(/ as .*/, ""))
    .filter((name) => name !== "");
}

Deno.test("architecture: what the shell uses of the verbs is in the library", () => {
  const text = Deno.readTextFileSync(new URL("src/mod.ts", ROOT));
  const offered = new Set(named(text, /\bexport (?:type )?\{([^}]*)\}/g));
  const used = [...sources("src/cli")].flatMap(({ file, text }) =>
    named(text, /\bimport (?:type )?\{([^}]*)\} from "[./]+\/verbs\/[^"]*"/g)
      .map((name) => ({ file, name }))
  );
  assert.ok(used.length > 20, `${used.length} imports`);
  assert.deepEqual(used.filter(({ name }) => !offered.has(name)), []);
  // Only so are all of them seen.
  for (const { file, text } of sources("src/cli")) {
    assert.doesNotMatch(text, /\bimport\(\s*"[./]+\/verbs\/|\* as \w+ from "[./]+\/verbs\//, file);
  }
});

Deno.test("architecture: what is not ours is a node: module, or a package in its one file", () => {
  const foreign = imports.filter(({ to }) => !files.has(to) && !to.startsWith("node:"));
  for (const { from, to } of foreign) assert.equal(PACKAGES[to], from, `${from} -> ${to}`);
  assert.deepEqual(new Set(foreign.map(({ to }) => to)), new Set(Object.keys(PACKAGES)));
  for (const { from, to, isType } of imports) {
    if (!isType) assert.ok(HEAVY[to]?.includes(from) ?? true, `${from} -> ${to}`);
  }
});

Deno.test("architecture: no command loads a package or a heavy module when it starts", () => {
  const commands = [...files].filter((file) => file.startsWith("src/cli/commands/"));
  assert.ok(commands.length > 5);
  const loaded = new Set(["main.ts", ...commands]);
  for (const file of loaded) {
    for (const { from, to, isDynamic, isType } of imports) {
      if (from === file && !isDynamic && !isType) loaded.add(to);
    }
  }
  for (const module of ["node:fs/promises", ...Object.keys({ ...PACKAGES, ...HEAVY })]) {
    assert.ok(!loaded.has(module), module);
  }
});

Deno.test("architecture: the protocol is pure: no system, no clock, no chance", () => {
  const impure = /\bDeno\.|\bDate[.(]|\b(performance|Temporal|setTimeout|setInterval)\b|\bfetch\(/;
  const chance = /\bMath\.random\b|\b(getRandomValues|randomUUID|randomBytes)\b/;
  for (const { file, text } of sources("src/protocol")) {
    assert.doesNotMatch(text, impure, file);
    assert.doesNotMatch(text, chance, file);
  }
});

Deno.test("architecture: only src/transport speaks to the network", () => {
  const network = new RegExp([
    String.raw`\bDeno\.(listen|connect|startTls|serve|upgradeWebSocket|resolveDns)`,
    String.raw`\bfetch\(\s*["'\x60]|\bnew (WebSocket|EventSource)\b`,
    String.raw`["']node:(net|tls|http|https|http2|dgram)["']`,
  ].join("|"));
  const speakers = [...sources()].filter(({ text }) => network.test(text)).map(({ file }) => file);
  assert.ok(speakers.length > 0);
  for (const file of speakers) assert.equal(roomOf(file), "transport", file);
});

Deno.test(`architecture: no source file has more than ${MOST_LINES} lines`, () => {
  const long = [...sources()].map(({ file, text }) => ({
    file,
    lines: text.split("\n").length - 1,
  }))
    .filter(({ lines }) => lines > MOST_LINES);
  assert.deepEqual(long, []);
});
