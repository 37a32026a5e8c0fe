/**
 * A server and its clients in two network namespaces, joined by a virtual cable: two machines, as
 * far as ft can tell. What the owner of the one pastes to the other is all that they share.
 */
import assert from "node:assert/strict";
import { assertBytes } from "./files.ts";
import { type Finished, ftCommand, namesIn, Place, type Running, writeFile } from "./process.ts";
import { Random, seed } from "./random.ts";

/** Runs a program of the system; what it said where it failed, undefined where it went well. */
function failed(...command: readonly string[]): string | undefined {
  const [program = "", ...args] = command;
  try {
    const { success, stderr } = new Deno.Command(program, { args }).outputSync();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (thrown) {
    return thrown instanceof Deno.errors.NotFound ? `there is no '${program}'` : String(thrown);
  }
}

function ip(...args: readonly string[]): void {
  const why = failed("ip", ...args);
  if (why !== undefined) throw new Error(`ip ${args.join(" ")}: ${why}`);
}

/** Two namespaces and the cable between them. */
class Cable implements Disposable {
  /** The server's namespace, and its addresses. */
  readonly here: string;
  readonly there: string;
  static readonly IPV4 = "10.213.7.1";
  static readonly IPV6 = "fd00:213:7::1";

  constructor() {
    const name = crypto.randomUUID().slice(0, 6);
    this.here = `ft-${name}-a`;
    this.there = `ft-${name}-b`;
    const [a, b] = [`fta${name}`, `ftb${name}`];
    try {
      for (const space of [this.here, this.there]) {
        ip("netns", "add", space);
        ip("-n", space, "link", "set", "lo", "up");
      }
      ip(
        "link",
        "add",
        a,
        "netns",
        this.here,
        "type",
        "veth",
        "peer",
        "name",
        b,
        "netns",
        this.there,
      );
      const ends = [[this.here, a, "1"], [this.there, b, "2"]] as const;
      for (const [space, device, last] of ends) {
        ip("-n", space, "address", "add", `10.213.7.${last}/24`, "dev", device);
        ip("-n", space, "address", "add", `fd00:213:7::${last}/64`, "dev", device, "nodad");
        ip("-n", space, "link", "set", device, "up");
      }
    } catch (thrown) {
      this[Symbol.dispose]();
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    // The devices go with them.
    for (const space of [this.here, this.there]) failed("ip", "netns", "delete", space);
  }
}

/** Why there can be no namespaces here. */
function reason(): string | undefined {
  try {
    new Cable()[Symbol.dispose]();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

const why = Deno.build.os === "linux" ? reason() : "only Linux has them";

/** What runs a command within a namespace. */
function within(space: string, command: readonly string[]): string[] {
  return ["ip", "netns", "exec", space, ...command];
}

/** A server in one namespace and a user in the other. */
class World implements AsyncDisposable {
  readonly place: Place = new Place();
  readonly cable: Cable = new Cable();
  readonly #env = { FT_STATE: `${this.place.path}/state of ana` };
  readonly folder: string = `${this.place.path}/ana`;

  async serve(host: string): Promise<Running> {
    Deno.mkdirSync(this.folder);
    const command = ftCommand("serve", "--host", host, "--port", "0", "--root", "server");
    const env = { FT_STATE: `${this.place.path}/state of the server` };
    const running = this.place.start(within(this.cable.here, command), { env });
    await running.waitFor(/^Waiting for a client connection\.\.\.$/m);
    return running;
  }

  /** Runs one command of ana's. */
  async ft(...args: readonly string[]): Promise<Finished> {
    const command = within(this.cable.there, ftCommand(...args));
    return await this.place.start(command, { cwd: this.folder, env: this.#env }).finished;
  }

  /** Runs a line in ana's shell, as she pastes it. */
  async pasted(line: string): Promise<Finished> {
    const words = ftCommand().map((word) => `'${word}'`).join(" ");
    const script = `ft() { ${words} "$@"; }\n${line}\n`;
    const command = within(this.cable.there, ["sh", "-c", script]);
    return await this.place.start(command, { cwd: this.folder, env: this.#env }).finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.place[Symbol.asyncDispose]();
    } finally {
      this.cable[Symbol.dispose]();
    }
  }
}

function test(name: string, body: (world: World) => Promise<void>): void {
  const suffix = why === undefined ? "" : ` (skipped: ${why})`;
  Deno.test({ name: `two namespaces: ${name}${suffix}`, ignore: why !== undefined }, async () => {
    await using world = new World();
    await body(world);
  });
}

function good({ code, stdout, stderr }: Finished): string {
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

/** The line that joins the server at an address. */
function joinLine(server: Running, host: string): string {
  const lines = server.stdout.split("\n").filter((line) => line.startsWith("ft join '"));
  const line = lines.find((line) => line.startsWith(`ft join 'ft://${host}:`));
  assert(line !== undefined, server.stdout);
  return line;
}

for (
  const [family, host, address] of [
    ["IPv4", "0.0.0.0", Cable.IPV4],
    ["IPv4 of a server that listens to both", "::", Cable.IPV4],
    ["IPv6", "::", `[${Cable.IPV6}]`],
  ] as const
) {
  test(`the pasted line and a name are all that is needed, ${family} (seed ${seed})`, async (world) => {
    const server = await world.serve(host);
    const line = joinLine(server, address);
    assert.match(line, /^ft join 'ft:\/\/\S+\/[\w-]{43}#[\w-]{22,}'$/);
    const joined = good(await world.pasted(`${line} nas`));
    assert.match(joined, /^Saved .* as 'nas': SHA256:[\w-]{43}, verified\.$/m);
    const bytes = new Random(seed).bytes(3 * 2 ** 20 + 7);
    writeFile(`${world.folder}/mine.bin`, bytes);
    writeFile(`${world.folder}/note.txt`, "a note");
    const root = `${world.place.path}/server`;
    writeFile(`${root}/shared_files/public.txt`, "public");
    good(await world.ft("put", "note.txt", "--server", "nas"));
    assert.deepEqual(namesIn(`${root}/uploads`), ["note.txt"]);
    good(await world.ft("share", "mine.bin", "--server", "nas"));
    assertBytes(`${root}/shared_uploads/mine.bin`, bytes);
    assert.match(good(await world.ft("list", "shared", "--server", "nas")), /mine\.bin/);
    good(await world.ft("fetch", "1", "-o", "back.bin", "--server", "nas"));
    assertBytes(`${world.folder}/back.bin`, bytes);
    good(await world.ft("get", "public.txt", "--server", "nas"));
    assert.equal(Deno.readTextFileSync(`${world.folder}/downloads/public.txt`), "public");
    const [, token = ""] = /#([\w-]+)'/.exec(line) ?? [];
    const log = server.stdout.slice(server.stdout.indexOf("Waiting for a client"));
    assert(!(log + server.stderr).includes(token), "the log has the token");
  });
}

test("the line as it is printed, without a name, saves it under its address", async (world) => {
  const server = await world.serve("0.0.0.0");
  const line = joinLine(server, Cable.IPV4);
  good(await world.pasted(line));
  const [, saved = ""] = /ft:\/\/([^/]+)/.exec(line) ?? [];
  writeFile(`${world.folder}/note.txt`, "a note");
  good(await world.ft("share", "note.txt", "--server", saved));
});

test("without an invite and a terminal nothing is said to the server", async (world) => {
  const server = await world.serve("0.0.0.0");
  const [, address = ""] = /ft:\/\/([^/]+)/.exec(joinLine(server, Cable.IPV4)) ?? [];
  writeFile(`${world.folder}/note.txt`, "a note");
  for (const args of [["put", "note.txt"], ["share", "note.txt"], ["list"], ["get", "1"]]) {
    const { code, stderr } = await world.ft(...args, "--server", address);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /^Error: /m);
    assert.match(stderr, /--trust-first/);
  }
  for (const room of ["uploads", "shared_uploads", ".ft/staging"]) {
    assert.deepEqual(namesIn(`${world.place.path}/server/${room}`), [], room);
  }
  // Nobody got as far as to say HELLO.
  const log = server.stdout.slice(server.stdout.indexOf("Waiting for a client"));
  assert.equal(log.trim().split("\n").length, 1, log);
});

test("a key that is trusted at first sight does not let in without the token", async (world) => {
  const server = await world.serve("0.0.0.0");
  const [, address = ""] = /ft:\/\/([^/]+)/.exec(joinLine(server, Cable.IPV4)) ?? [];
  writeFile(`${world.folder}/note.txt`, "a note");
  const { code, stderr } = await world.ft("put", "note.txt", "--server", address, "--trust-first");
  assert.equal(code, 6, stderr);
  assert.deepEqual(namesIn(`${world.place.path}/server/uploads`), []);
});
