import assert from "node:assert/strict";
import { type Client, done, ftCommand, Place, type Server } from "./process.ts";
import { Pty } from "./pty.ts";

/** A user whose token would be sent to a server that is not known yet. */
function terminalTest(
  name: string,
  body: (ana: Client, server: Server, start: (...args: string[]) => Pty) => Promise<void>,
): void {
  Deno.test({ name, ignore: Deno.build.os !== "linux" }, async () => {
    await using place = new Place();
    const server = await place.serve();
    const ana = place.client("ana", server.address);
    const env = { ...ana.env, FT_TOKEN: "t0ken".repeat(5) };
    await body(ana, server, (...args) => new Pty(ftCommand(...args), { cwd: ana.folder, env }));
  });
}

const QUESTION = "Are they equal? [y/N]";

terminalTest("ft list asks on a terminal whether a new key is the server's", async (
  ana,
  { address },
  start,
) => {
  await using pty = start("list");
  await pty.waitFor(`The server at ${address} is not known yet`);
  await pty.waitFor("SHA256:");
  await pty.waitFor(QUESTION);
  pty.send("y");
  await pty.waitFor("Public files:");
  assert.equal(await pty.exit, 0);
  const [, fingerprint = ""] = /(SHA256:[\w-]{43})/.exec((await done(ana, "trust")).stdout) ?? [];
  assert.ok(pty.text.includes(fingerprint));
  await using again = start("list");
  assert.equal(await again.exit, 0);
  assert.ok(!again.text.includes(QUESTION));
});

for (
  const [what, key, exit] of [["no", "n", 4], ["Enter", "\r", 4], ["Ctrl-C", "\x03", 130]] as const
) {
  terminalTest(`ft put sends and remembers nothing after ${what}`, async (ana, server, start) => {
    ana.write("a.txt", "a");
    await using pty = start("put", "a.txt");
    await pty.waitFor(QUESTION);
    pty.send(key);
    assert.equal(await pty.exit, exit);
    assert.deepEqual([...Deno.readDirSync(server.path("uploads"))], []);
    assert.equal((await done(ana, "trust")).stdout, "No server is known.\n");
  });
}

terminalTest("the menu asks about a new key and goes on", async (ana, server, start) => {
  ana.write("a.txt", "a");
  await using pty = start("client");
  await pty.waitFor("Enter your choice:");
  pty.send("3\r");
  await pty.waitFor("Tab completes");
  pty.send("a\t\r");
  await pty.waitFor(QUESTION);
  pty.send("n");
  await pty.waitFor("was not trusted");
  await pty.waitFor("Enter your choice:");
  pty.send("3\r");
  await pty.waitFor("Tab completes");
  pty.send("a\t\r");
  await pty.waitFor(QUESTION);
  pty.send("y");
  await pty.waitFor("Shared 'a.txt'");
  await pty.waitFor("Enter your choice:");
  pty.send("q\r");
  assert.equal(await pty.exit, 0);
  assert.equal(Deno.readTextFileSync(server.path("shared_uploads/a.txt")), "a");
});
