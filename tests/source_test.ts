import assert from "node:assert/strict";
import { assertBytes, until, writeFile } from "./files.ts";
import { SIZE, test } from "./line.ts";

const CHANGES: Record<string, (path: string) => void> = {
  grows: (path) => Deno.writeTextFileSync(path, "more", { append: true }),
  shrinks: (path) => Deno.truncateSync(path, SIZE / 2),
  "is overwritten": (path) => {
    using file = Deno.openSync(path, { write: true });
    file.writeSync(new Uint8Array(1));
  },
  vanishes: (path) => Deno.removeSync(path),
};

for (const [change, make] of Object.entries(CHANGES)) {
  for (const command of ["share", "get"] as const) {
    test(`ft ${command} fails a source alone that ${change} meanwhile`, command, async (
      line,
      bytes,
    ) => {
      const { client, relay, source, way, folder } = line;
      const others = ["a.txt", "z.txt"];
      for (const name of others) writeFile(source.replace("big.bin", name), name);
      relay.onBytes = (from, passed) => {
        if (from === way && passed >= SIZE / 8) relay.stall(way);
      };
      const running = client.start(command, "a.txt", "big.bin", "z.txt", "--retries", "1");
      await until("stall", () => relay.passed[way] >= SIZE / 8);
      make(source);
      relay.reset();
      relay.flow();
      const { code, stderr } = await running.finished;
      for (const name of others) assert.equal(Deno.readTextFileSync(`${folder}/${name}`), name);
      // On Unix a file that was removed is whole for whoever has it open.
      if (change === "vanishes" && code === 0) return assertBytes(line.result, bytes);
      assert.equal(code, 7, stderr);
      assert.match(
        stderr,
        /^Error: 1 file failed:\n {2}big\.bin: 'big\.bin' changed while it was/m,
      );
      assert.deepEqual(line.visible(), others);
    });
  }
}
