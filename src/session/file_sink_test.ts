import { deepEqual, equal } from "node:assert/strict";
import { Random, seed } from "../../tests/random.ts";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { FolderStore } from "../storage/folder_store.ts";
import { LocalSource } from "../storage/local_source.ts";
import { digestSource } from "./chunk_reader.ts";
import { FileSink } from "./file_sink.ts";

const MiB = 1024 * 1024;
const random = new Random(seed);

Deno.test(`what is handed to a file becomes one, with its digest, seed ${seed}`, async () => {
  using folder = temporaryFolder();
  const root = Deno.realPathSync(folder.path);
  const store = new FolderStore({ rooms: { shared: root }, staging: `${root}/.ft` });
  for (const size of [0, 1, MiB - 1, MiB, MiB + 1, 3 * MiB + 5]) {
    const name = `${size}`;
    const partial = await store.stage({
      room: "shared",
      name,
      owner: "o",
      size: undefined,
      mtime: undefined,
      version: undefined,
      run: "r",
      conflict: "rename",
      blind: false,
    });
    if ("outcome" in partial) throw new Error("it is there already");
    const sink = new FileSink(partial);
    const bytes = random.bytes(size);
    for (let at = 0; at < size;) {
      const count = random.between(1, 900_000);
      await sink.write(bytes.slice(at, at + count));
      at += count;
    }
    await sink.close();
    const path = `${root}/${name}`;
    deepEqual(Deno.readFileSync(path), bytes);
    const source = new LocalSource(Deno.openSync(path), path);
    const digest = await digestSource(source, name);
    source.close();
    deepEqual(sink.receipt, { name, size, digest, outcome: "new" });
  }
  equal([...Deno.readDirSync(`${root}/.ft`)].length, 0);
});
