import assert from "node:assert/strict";
import { ftCommand, Place } from "./process.ts";
import { Pty } from "./pty.ts";

/** Half blocks, of which a QR code is drawn. */
const CODE = /[\u2588\u2580\u2584]{20}/;

Deno.test({
  name: "ft serve shows a QR code of its invite on a terminal that has room for it",
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using place = new Place();
  const env = { FT_STATE: `${place.path}/state`, NO_COLOR: "1" };
  const args = ["serve", "--host", "0.0.0.0", "--port", "0", "--root"];
  for (const [columns, hasCode] of [[80, true], [30, false]] as const) {
    const command = ftCommand(...args, `root ${columns}`);
    await using pty = new Pty(command, { cwd: place.path, env, columns });
    await pty.waitFor("Waiting for a client connection...");
    const text = pty.text;
    assert.match(text, /^ft join 'ft:\/\/[\d.]+:\d+\/[\w-]{43}(#[\w-]+)?'/m);
    assert.equal(CODE.test(text), hasCode, text);
    pty.send("\x03");
    assert.equal(await pty.exit, 0);
  }
});
