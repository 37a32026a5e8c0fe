/** Links, pipes and folders where a client keeps its downloads and its state. */
import assert from "node:assert/strict";
import { assertBytes, namesIn, until, writeFile } from "../files.ts";
import { type Client, Place } from "../process.ts";
import { FakeServer, welcome } from "./fake_server.ts";
import { Outside } from "./outside.ts";
import { BYTES, chunkOf, DIGEST } from "./pieces.ts";

/** What happens to a user whose folders somebody else may write into. */
interface Case {
  /** Before anything runs. */
  readonly plant?: (ana: Client, outside: Outside) => void;
  /** When all bytes have come and none of it is published. */
  readonly swap?: (ana: Client, outside: Outside) => void;
  readonly args?: readonly string[];
  readonly code: number;
  /** Where the file is in the end, below the user's folder. */
  readonly appears?: string;
}

function test(name: string, { plant, swap, args = [], code, appears }: Case): void {
  Deno.test({ name: `hostile disk: ${name}`, ignore: Deno.build.os === "windows" }, async () => {
    await using place = new Place();
    using outside = new Outside(`${place.path}/outside`);
    const sent = Promise.withResolvers<void>();
    const swapped = Promise.withResolvers<void>();
    await using fake = new FakeServer(async (peer) => {
      await welcome(peer);
      const { id } = await peer.expect("request");
      await peer.say({ kind: "entry", id, name: "x.bin", size: BYTES.length });
      await peer.expect("ready");
      for (const chunk of [0, 1, 2]) await peer.say(await chunkOf(id, chunk));
      sent.resolve();
      await swapped.promise;
      await peer.say({ kind: "commit", id, digest: DIGEST });
    });
    const ana = place.client("ana", fake.address);
    Deno.mkdirSync(ana.path("downloads"));
    plant?.(ana, outside);
    const running = ana.start("get", "x.bin", "--plain", "--retries", "0", ...args);
    if (swap !== undefined) {
      await sent.promise;
      const staging = ana.path("downloads/.ft");
      await until("staged bytes", () => {
        const name = namesIn(staging).find((name) => name.endsWith(".part"));
        return name !== undefined && Deno.statSync(`${staging}/${name}`).size === BYTES.length;
      });
      swap(ana, outside);
    }
    swapped.resolve();
    const end = await running.finished;
    assert.equal(end.code, code, end.stderr);
    if (code !== 0) assert.match(end.stderr, /^Error: /m);
    outside.assertUntouched();
    const all = namesIn(ana.path("downloads")).filter((name) => /^x/.test(name));
    for (const name of all) {
      const path = ana.path(`downloads/${name}`);
      // Whatever has the name and was not planted is the whole file.
      if (Deno.lstatSync(path).isFile) assertBytes(path, BYTES);
    }
    if (appears !== undefined) assertBytes(ana.path(appears), BYTES);
    // The next user is served.
    const honest = await place.serve();
    const ben = place.client("ben", honest.address);
    ben.write("small.txt", "small");
    const served = await ben.ft("share", "small.txt");
    assert.equal(served.code, 0, served.stderr);
  });
}

const x = (ana: Client) => ana.path("downloads/x.bin");

for (
  const [what, plant] of [
    [
      "a link to a file outside",
      (ana, outside) => Deno.symlinkSync(outside.at("secret.txt"), x(ana)),
    ],
    ["a link to nothing yet", (ana, outside) => Deno.symlinkSync(outside.at("made"), x(ana))],
    ["a link to itself", (ana) => Deno.symlinkSync(x(ana), x(ana))],
    ["a link to a folder outside", (ana, outside) => Deno.symlinkSync(outside.path, x(ana))],
    ["a pipe", (ana) => {
      assert(new Deno.Command("mkfifo", { args: [x(ana)] }).outputSync().success);
    }],
  ] as readonly (readonly [string, NonNullable<Case["plant"]>])[]
) {
  const other = "downloads/x (2).bin";
  test(`a download whose name ${what} has`, { plant, code: 0, appears: other });
  // What is replaced is the link, not what it leads to.
  const args = ["--on-conflict", "overwrite"];
  test(`a download over ${what}`, { plant, args, code: 0, appears: "downloads/x.bin" });
  test(`a download whose name ${what} takes meanwhile`, { swap: plant, code: 0, appears: other });
  test(`a download that wants its name, which ${what} has`, {
    plant,
    args: ["--on-conflict", "fail"],
    code: 6,
  });
}

const folder = (ana: Client) => writeFile(`${x(ana)}/y`, "y");
test("a download whose name a folder has", {
  plant: folder,
  code: 0,
  appears: "downloads/x (2).bin",
});
test("a download over a folder", { plant: folder, args: ["--on-conflict", "overwrite"], code: 6 });

const staging = (ana: Client) => ana.path("downloads/.ft");
test("downloads that are staged behind a link", {
  plant: (ana, outside) => Deno.symlinkSync(outside.at("folder"), staging(ana)),
  // The link is taken away like a folder that nothing is staged in.
  code: 0,
  appears: "downloads/x.bin",
});
test("downloads that are staged behind a link to nothing yet", {
  plant: (ana, outside) => Deno.symlinkSync(outside.at("made"), staging(ana)),
  code: 0,
  appears: "downloads/x.bin",
});
test("downloads that are staged where a file is", {
  plant: (ana) => Deno.writeTextFileSync(staging(ana), ""),
  code: 8,
});

/** Puts a folder aside and has a link to outside in its place. */
function linked(path: string, outside: Outside): void {
  Deno.renameSync(path, `${path} of before`);
  Deno.symlinkSync(outside.path, path);
}

test("a folder for downloads that becomes a link meanwhile", {
  swap: (ana, outside) => linked(ana.path("downloads"), outside),
  code: 8,
});
test("a folder on the way to downloads that becomes a link meanwhile", {
  swap: (ana, outside) => linked(ana.folder, outside),
  code: 8,
});
test("a staging folder that becomes a link meanwhile", {
  swap: (ana, outside) => linked(staging(ana), outside),
  code: 8,
});
test("staged bytes that become a link meanwhile", {
  swap: (ana, outside) => {
    const name = namesIn(staging(ana)).find((name) => name.endsWith(".part"));
    linked(`${staging(ana)}/${name}`, outside);
  },
  code: 8,
});
test("staged bytes that become another file meanwhile", {
  swap: (ana) => {
    const name = namesIn(staging(ana)).find((name) => name.endsWith(".part"));
    Deno.renameSync(`${staging(ana)}/${name}`, ana.path("aside"));
    Deno.writeTextFileSync(`${staging(ana)}/${name}`, "something else");
  },
  code: 8,
});

/** Where a client's state about the one server of a test is. */
function owner(ana: Client): string {
  const { FT_STATE = "", FT_SERVER = "" } = ana.env;
  return `${FT_STATE}/owners/${encodeURIComponent(`plain ${FT_SERVER}`)}`;
}

for (
  const [what, make] of [
    [
      "a link to a file outside",
      (path, outside) => Deno.symlinkSync(outside.at("secret.txt"), path),
    ],
    ["a link to nothing yet", (path, outside) => Deno.symlinkSync(outside.at("made"), path)],
    ["a link to a device without an end", (path) => Deno.symlinkSync("/dev/zero", path)],
    ["a link to itself", (path) => Deno.symlinkSync(path, path)],
    ["a folder", (path) => Deno.mkdirSync(path)],
    ["a pipe", (path) => {
      assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
    }],
  ] as readonly (readonly [string, (path: string, outside: Outside) => void])[]
) {
  test(`an owner's secret that is ${what}`, {
    plant: (ana, outside) => {
      writeFile(owner(ana), "");
      Deno.removeSync(owner(ana));
      make(owner(ana), outside);
    },
    code: 8,
  });
}
