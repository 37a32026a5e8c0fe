import assert from "node:assert/strict";
import { ISLAND, makeIsland } from "./island.ts";
import { findProgram, freePort, read, startService } from "./service.ts";

/** Whether this user may make networks here. */
function isPermitted(): boolean {
  if (ISLAND.some((program) => findProgram(program) === undefined)) return false;
  return read("unshare", "--user", "--map-root-user", "--net", "echo", "made") === "made\n";
}

Deno.test({
  name: "makeIsland() has a loopback that is not the machine's, and nothing else",
  ignore: !isPermitted(),
  async fn() {
    await using stack = new AsyncDisposableStack();
    const within = await makeIsland(stack);
    const port = freePort();
    const at = `{ hostname: "127.0.0.1", port: ${port} }`;
    const listen = `for await (const _ of Deno.listen(${at}));`;
    await startService(stack, port, ...within, Deno.execPath(), "eval", listen);
    const connect =
      `Deno.connect(${at}).then(() => console.log("met"), () => console.log("alone"))`;
    assert.equal(read(...within, Deno.execPath(), "eval", connect), "met\n");
    assert.equal(read(Deno.execPath(), "eval", connect), "alone\n");
    assert.match(read(...within, "ip", "-o", "link"), /^1: lo: <LOOPBACK,UP[^\n]*\n$/);
  },
});
