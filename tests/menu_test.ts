import assert from "node:assert/strict";
import { namesIn, writeFile } from "./files.ts";
import { type Client, ftCommand, Place, type Server } from "./process.ts";
import { Pty } from "./pty.ts";

const TITLE = "--- File Transfer Client ---";
const UP = "\x1b[A";
const DOWN = "\x1b[B";
const ENTER = "\r";
const ARROW_CHOICES: Record<string, string> = {
  "1": ENTER,
  "2": DOWN + ENTER,
  "3": DOWN + DOWN + ENTER,
  "4": UP + UP + ENTER,
  "q": UP + ENTER,
};

/** A menu on a terminal that says how it left the terminal when it ends. */
function openMenu(client: Client): Pty {
  // The shell gets the signal of Ctrl-C too, and is to outlive it.
  const script = 'trap : INT; "$@"; echo "exit $?"; stty -a';
  return new Pty(["sh", "-c", script, "sh", ...ftCommand("client")], {
    cwd: client.folder,
    env: client.env,
    columns: 80,
  });
}

async function assertLeft(pty: Pty, code = 0): Promise<void> {
  await pty.waitFor(`exit ${code}`);
  assert.equal(await pty.exit, 0);
  assert.match(pty.text, /(?<!-)\bicanon\b[^]*(?<!-)\becho\b/, "the terminal is not restored");
  assert.ok(pty.raw.lastIndexOf("\x1b[?25h") >= pty.raw.lastIndexOf("\x1b[?25l"), "no cursor");
  assert.doesNotMatch(pty.text, /NotCapable|Uncaught|^\s+at /m);
}

function test(
  name: string,
  body: (server: Server, ana: Client, bob: Client) => Promise<void>,
  terminal = true,
): void {
  // `script`, which makes the terminal, has other options elsewhere.
  Deno.test({ name, ignore: terminal && Deno.build.os !== "linux" }, async () => {
    await using place = new Place();
    const server = await place.serve();
    await body(server, place.client("ana", server.address), place.client("bob", server.address));
  });
}

test("ft client does the seed's whole example with keys, completion and names", async (
  server,
  ana,
  bob,
) => {
  ana.write("my_great_idea.txt", "an idea");
  ana.write("my_private_doc.txt", "a secret");
  writeFile(server.path("shared_files/public_report.pdf"), "a report");

  await using first = openMenu(ana);
  for (const row of ["1. Upload a file (Private to Server)", "q. Quit", "Enter your choice:"]) {
    await first.waitFor(row);
  }
  first.send(`3${ENTER}`);
  await first.waitFor("Enter the name of the file to upload:");
  first.send(`my_great_idea.txt${ENTER}`);
  await first.waitFor("my_great_idea.txt  100 %  7 B");
  await first.waitFor(TITLE);
  first.send(`1${ENTER}`);
  await first.waitFor("Tab completes");
  // Both fit "my_"; Tab goes as far as they agree, then to the end.
  first.send("m\tp\t");
  await first.waitFor("my_private_doc.txt");
  first.send(ENTER);
  await first.waitFor("my_private_doc.txt  100 %  8 B");
  await first.waitFor(TITLE);
  first.send(`2${ENTER}`);
  await first.waitFor("1. public_report.pdf  8 B");
  first.send(`public_report.pdf${ENTER}`);
  await first.waitFor("public_report.pdf  100 %  8 B");
  await first.waitFor(TITLE);
  first.send(`q${ENTER}`);
  await first.waitFor("Goodbye!");
  await assertLeft(first);

  await using second = openMenu(bob);
  await second.waitFor(TITLE);
  second.send(`4${ENTER}`);
  await second.waitFor("Enter the number of the file to download:");
  await second.waitFor("1. my_great_idea.txt  7 B");
  await second.waitFor("Tab completes");
  second.send(`1${ENTER}`);
  await second.waitFor("my_great_idea.txt  100 %  7 B");
  await second.waitFor(TITLE);
  second.send(`Q${ENTER}`);
  await assertLeft(second);

  assert.equal(Deno.readTextFileSync(bob.path("downloads/my_great_idea.txt")), "an idea");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/public_report.pdf")), "a report");
  assert.equal(Deno.readTextFileSync(server.path("uploads/my_private_doc.txt")), "a secret");
  assert.equal(Deno.readTextFileSync(server.path("shared_uploads/my_great_idea.txt")), "an idea");
  await server.logged(/put .*'uploads\/my_private_doc\.txt'/);
  await server.logged(/fetch .*'shared_uploads\/my_great_idea\.txt'/);
});

test("ft client is driven by arrow keys alone, and by type-ahead", async (server, ana) => {
  ana.write("a.txt", "a");
  ana.write("b.txt", "bb");
  for (const name of ["alpha.bin", "beta.bin", "Gamma.bin"]) {
    writeFile(server.path(`shared_files/${name}`), name);
  }
  await using pty = openMenu(ana);
  const choose = async (key: string) => {
    await pty.waitFor(TITLE);
    await pty.waitFor("Enter your choice:");
    pty.send(ARROW_CHOICES[key] ?? "");
  };
  await choose("1");
  await pty.waitFor("Tab completes");
  pty.send(DOWN + DOWN + ENTER);
  await pty.waitFor("b.txt  100 %  2 B");
  await choose("3");
  await pty.waitFor("Tab completes");
  pty.send(DOWN + ENTER);
  await pty.waitFor("a.txt  100 %  1 B");
  await choose("2");
  await pty.waitFor("(3 matches");
  pty.send("gam");
  await pty.waitFor("(1 match;");
  pty.send(ENTER);
  await pty.waitFor("Gamma.bin  100 %");
  await choose("4");
  await pty.waitFor("> 1. a.txt");
  pty.send(ENTER);
  await pty.waitFor("a.txt  100 %  1 B");
  await choose("q");
  await assertLeft(pty);
  assert.deepEqual(namesIn(ana.path("downloads")), ["Gamma.bin", "a.txt"]);
  assert.deepEqual(namesIn(server.path("uploads")), ["b.txt"]);
});

test("ft client goes on after a failure, after Esc and with nothing shared", async (
  server,
  ana,
) => {
  await using pty = openMenu(ana);
  await pty.waitFor(TITLE);
  pty.send(`1${ENTER}`);
  await pty.waitFor("Tab completes");
  pty.send(`no such file${ENTER}`);
  await pty.waitFor("Error: File 'no such file' not found.");
  await pty.waitFor(TITLE);
  pty.send(`4${ENTER}`);
  await pty.waitFor("No files are shared.");
  await pty.waitFor(TITLE);
  pty.send(`3${ENTER}`);
  await pty.waitFor("Tab completes");
  pty.send("\x1b");
  await pty.waitFor(TITLE);
  pty.send(`2${ENTER}`);
  await pty.waitFor("Enter the name of the file to download:");
  pty.send(`none${ENTER}`);
  await pty.waitFor("Error: File 'none' not found on the server.");
  await pty.waitFor(TITLE);
  server.running.kill();
  await server.running.finished;
  pty.send(`4${ENTER}`);
  await pty.waitFor("Error: Connection refused.");
  await pty.waitFor(TITLE);
  pty.send(`q${ENTER}`);
  await assertLeft(pty);
});

for (const [name, key] of [["Ctrl-C", "\x03"], ["Ctrl-D", "\x04"]] as const) {
  test(`ft client leaves on ${name}, the terminal restored`, async (_, ana) => {
    await using menu = openMenu(ana);
    await menu.waitFor("Enter your choice:");
    menu.send(key);
    await assertLeft(menu);
    await using question = openMenu(ana);
    await question.waitFor("Enter your choice:");
    question.send(`1${ENTER}`);
    await question.waitFor("Tab completes");
    question.send(key);
    await assertLeft(question);
  });
}

test("ft client keeps what has arrived when Ctrl-C ends a transfer, and shows the menu", async (
  server,
  ana,
) => {
  ana.write("big.bin", "");
  Deno.truncateSync(ana.path("big.bin"), 600 * 1024 * 1024);
  await using pty = openMenu(ana);
  await pty.waitFor(TITLE);
  pty.send(`1${ENTER}`);
  await pty.waitFor("Tab completes");
  pty.send(`big.bin${ENTER}`);
  await pty.waitFor(/big\.bin +\[[#-]+\] +[1-9]\d? %/);
  pty.send("\x03");
  await pty.waitFor(/Interrupted\. What has arrived is kept\. Go on with:\s+ft put /);
  await pty.waitFor(TITLE);
  assert.deepEqual(namesIn(server.path("uploads")), []);
  pty.send(`q${ENTER}`);
  await assertLeft(pty);
});

test("ft fetch without a name lists what is shared and asks", async (_, ana, bob) => {
  ana.write("one.txt", "1");
  ana.write("two.txt", "22");
  assert.equal((await ana.ft("share", "one.txt", "two.txt")).code, 0);
  const fetch = ftCommand("fetch");
  await using pty = new Pty(fetch, { cwd: bob.folder, env: bob.env });
  await pty.waitFor("two.txt");
  await pty.waitFor("Tab completes");
  pty.send(`two${ENTER}`);
  await pty.waitFor("two.txt  100 %");
  assert.equal(await pty.exit, 0);
  assert.deepEqual(namesIn(bob.path("downloads")), ["two.txt"]);
});

test("ft fetch ends with 130 when its question is left", async (_, ana, bob) => {
  ana.write("one.txt", "1");
  assert.equal((await ana.ft("share", "one.txt")).code, 0);
  for (const key of ["\x03", "\x04", "\x1b"]) {
    await using pty = new Pty(ftCommand("fetch"), { cwd: bob.folder, env: bob.env });
    await pty.waitFor("Tab completes");
    pty.send(key);
    await pty.waitFor("Interrupted. Nothing was fetched.");
    assert.equal(await pty.exit, 130, JSON.stringify(key));
  }
  assert.deepEqual(namesIn(bob.path("downloads")), []);
});

test("ft client on a terminal that knows no width takes the usual one", async (_, ana) => {
  const options = { cwd: ana.folder, env: ana.env, columns: 0, rows: 0 };
  await using pty = new Pty(ftCommand("client"), options);
  await pty.waitFor("> 1. Upload a file (Private to Server)");
  pty.send("q\r");
  assert.equal(await pty.exit, 0);
});

test("a terminal that can only write lines gets lines, and asks in them", async (
  server,
  ana,
  bob,
) => {
  ana.write("one.txt", "1");
  const code = (await ana.ft("share", "one.txt", "--secret")).stdout.trim();
  const options = { cwd: bob.folder, env: { ...bob.env, TERM: "dumb" } };
  {
    await using pty = new Pty(ftCommand("client"), options);
    await pty.waitFor("Enter your choice: ");
    pty.send("4\n");
    await pty.waitFor(/1\. one\.txt .*\r\nEnter the number of the file to download: /);
    pty.send("1\n");
    await pty.waitFor("Code of 'one.txt': ");
    pty.send(`${code}\r`);
    await pty.waitFor(/one\.txt {2}started .*\r\none\.txt {2}100 %/);
    await pty.waitFor("Enter your choice: ");
    pty.send("\x03");
    assert.equal(await pty.exit, 0);
    // deno-lint-ignore no-control-regex -- it is what must not be there
    assert.doesNotMatch(pty.raw, /\x1b/);
    assert.match(pty.raw, /Enter your choice: 4\r\n1\. one/);
  }
  assert.equal(Deno.readTextFileSync(bob.path("downloads/one.txt")), "1");
  await using pty = new Pty(ftCommand("fetch"), options);
  await pty.waitFor("Enter the number of the file to download: ");
  pty.send("\x03");
  assert.equal(await pty.exit, 130);
  assert.ok(!pty.raw.includes("\x1b"));
  writeFile(server.path("shared_files/x"), "x");
  await using get = new Pty(ftCommand("get", "x"), options);
  assert.equal(await get.exit, 0);
  assert.match(get.raw, /^x {2}started {2}1 B\r\nx {2}100 % [ -~]*\r\n$/);
});

/** The menu's rows as they are read through a pipe. */
const MENU = `${TITLE}\n1. Upload a file (Private to Server)\n` +
  "2. Download a file (From Server's Public Folder)\n" +
  "3. Upload a file (For Sharing with Other Clients)\n4. List & Download Shared Files\n" +
  "q. Quit\nEnter your choice: \n";

test("ft client reads its answers line by line from a pipe", async (server, ana, bob) => {
  ana.write("report.pdf", "report");
  ana.write("my_great_idea.txt", "idea");
  writeFile(server.path("shared_files/p.txt"), "public");
  const sent = await ana.piped("1\nreport.pdf\n3\nmy_great_idea.txt\n2\np.txt\nq\n", "client");
  assert.equal(sent.code, 0, sent.stderr);
  assert.ok(sent.stdout.startsWith(`${MENU}Enter the name of the file to upload: \n`));
  assert.equal(sent.stdout.split(TITLE).length, 5);
  assert.match(sent.stdout, /Goodbye!\n$/);
  assert.match(sent.stderr, /report\.pdf {2}100 %/);
  assert.equal(Deno.readTextFileSync(server.path("uploads/report.pdf")), "report");
  assert.equal(Deno.readTextFileSync(ana.path("downloads/p.txt")), "public");
  const taken = await bob.piped("4\n1\nq\n", "client");
  assert.match(taken.stdout, /^1\. my_great_idea\.txt {2}4 B, \d+ s ago\n/m);
  assert.equal(Deno.readTextFileSync(bob.path("downloads/my_great_idea.txt")), "idea");
  for (const text of [sent.stdout, sent.stderr, taken.stdout, taken.stderr]) {
    assert.doesNotMatch(text, /(?!\n)\p{Cc}/u);
  }
}, false);

test("ft client reads CRLF, ends with its input, and answers to nonsense", async (server, ana) => {
  ana.write("a b.txt", "a");
  const crlf = await ana.piped("1\r\na b.txt\r\nq\r\n", "client");
  assert.equal(crlf.code, 0);
  assert.deepEqual(namesIn(server.path("uploads")), ["a b.txt"]);
  for (const input of ["", "1\n", "1", "3\na b.txt", "1\na b.txt\n"]) {
    const { code, stderr } = await ana.piped(input, "client");
    assert.equal(code, 0, JSON.stringify(input));
    assert.doesNotMatch(stderr, /Error/);
  }
  assert.deepEqual(namesIn(server.path("shared_uploads")), ["a b.txt"]);
  const odd = await ana.piped("5\n\nx\n1\n\n 1 \nnone\n2\nnone\n1\na b.txt\nq\n", "client");
  assert.equal(odd.code, 0);
  assert.equal(odd.stdout.split("Invalid choice. Please try again.").length, 3);
  assert.match(odd.stderr, /Error: File 'none' not found\.\n/);
  assert.match(odd.stderr, /Error: File 'none' not found on the server\.\n/);
  assert.match(odd.stderr, /a b\.txt .*already there/);
}, false);

test("ft client says all that a pattern or a folder came to", async (server, ana) => {
  for (const name of ["a.txt", "b.txt", "c.txt", "dir.txt/in it", "dir.txt/and it"]) {
    ana.write(name, "1234");
  }
  writeFile(server.path("shared_files/one.bin"), "1");
  writeFile(server.path("shared_files/two.bin"), "22");
  const sent = await ana.piped("1\n*.txt\n3\ndir.txt\n1\na.txt\n2\n*.bin\nq\n", "client");
  assert.equal(sent.code, 0, sent.stderr);
  const said = sent.stdout.split("\n").filter((line) => /^(Up|Sha|Down)/.test(line));
  assert.deepEqual(said, [
    "Uploaded 3 files and 1 folder.",
    "Shared 'dir.txt/' (2 files).",
    "Uploaded 'a.txt' (4 B).",
    "Downloaded 2 files into 'downloads/'.",
  ]);
  ana.write("bad.txt/x\\y", "bad name");
  ana.write("bad.txt/z", "1");
  const some = await ana.piped("1\nb*.txt\nq\n", "client");
  assert.match(some.stderr, /^Error: 1 file failed:$/m);
  assert.match(some.stdout, /^Uploaded 1 file and 1 folder\.$/m);
}, false);
