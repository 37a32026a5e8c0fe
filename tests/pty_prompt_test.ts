import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Pty, type PtyOptions } from "./pty.ts";

const config = fileURLToPath(new URL("../deno.json", import.meta.url));
const fixture = fileURLToPath(new URL("./fixtures/prompt_fixture.ts", import.meta.url));

/** The fixture under the permissions that ft ships with. */
function command(...args: string[]): string[] {
  return [Deno.execPath(), "run", "-q", "-P", "--no-lock", "--config", config, fixture, ...args];
}

/** A test that drives the fixture; nothing may ask for a permission or lack one. */
function drive(
  name: string,
  args: string[],
  steps: (pty: Pty) => Promise<void>,
  options: PtyOptions = {},
): void {
  const ignore = Deno.build.os !== "linux"; // `script` has other options elsewhere.
  Deno.test({ name, ignore }, async () => {
    await using pty = new Pty(command(...args), options);
    await pty.waitFor(/pid \d+/);
    await steps(pty);
    assert.doesNotMatch(pty.text, /NotCapable|Permission|Uncaught|error:/);
  });
}

drive("TerminalPrompts.choice() takes a key and Enter", ["choice"], async (pty) => {
  await pty.waitFor("--- File Transfer Client ---");
  await pty.waitFor("> 1. Upload a file (Private to Server)");
  await pty.waitFor("q. Quit");
  await pty.waitFor("Enter your choice: 1");
  pty.send("3");
  await pty.waitFor("> 3. Upload a file (For Sharing with Other Clients)");
  pty.send("7x\x1a \x1b[C\x1b");
  pty.send("\r");
  await pty.waitFor('answer "3"');
  await pty.waitFor("Enter your choice:");
  pty.send("Q\r");
  await pty.waitFor('answer "q"');
});

drive("TerminalPrompts.choice() takes the arrow keys and Enter", ["choice"], async (pty) => {
  await pty.waitFor("Enter your choice:");
  pty.send("\x1b[B");
  await pty.waitFor("> 2. Download a file (From Server's Public Folder)");
  pty.send("\x1b[A\x1b[A");
  await pty.waitFor("> q. Quit");
  pty.send("\x1b[A\r");
  await pty.waitFor('answer "4"');
});

drive("TerminalPrompts keeps keys typed ahead for the next question", ["choice"], async (pty) => {
  await pty.waitFor("Enter your choice:");
  pty.send("2\r4\rq\r1\r\x03");
  for (const key of ["2", "4", "q", "1"]) await pty.waitFor(`answer "${key}"`);
  await pty.waitFor("answer none");
  assert.equal(await pty.exit, 0);
});

drive("TerminalPrompts.confirm() is yes by y alone", ["confirm"], async (pty) => {
  for (const [keys, answer] of [["y", true], ["n", false], ["\r", false], ["\x1b", false]]) {
    await pty.waitFor("Sure? [y/N]");
    pty.send(String(keys));
    await pty.waitFor(`answer ${answer}`);
  }
});

for (const question of ["choice", "local", "remote", "confirm"]) {
  for (const [name, end] of [["Ctrl-C", "\x03"], ["Ctrl-D", "\x04"]] as const) {
    Deno.test({
      name: `TerminalPrompts gives undefined on ${name} (${question}), the terminal restored`,
      ignore: Deno.build.os !== "linux",
    }, async () => {
      await using pty = new Pty(["sh", "-c", '"$@"; stty -a', "sh", ...command(question)]);
      await pty.waitFor(/choice:|upload:|name:|Sure\?/);
      pty.send(end);
      await pty.waitFor("answer none");
      await pty.exit;
      assertRestored(pty);
    });
  }
}

Deno.test({
  name: "TerminalPrompts.close() on SIGTERM restores the terminal",
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using pty = new Pty(["sh", "-c", '"$@"; stty -a', "sh", ...command("remote")]);
  const [, pid] = await pty.waitFor(/pid (\d+)/);
  await pty.waitFor("alpha.txt");
  Deno.kill(Number(pid), "SIGTERM");
  await pty.exit;
  assertRestored(pty);
});

function assertRestored(pty: Pty): void {
  assert.match(pty.text, /\bisig icanon\b[^]*(?<!-)\becho\b/);
  assert.ok(pty.raw.lastIndexOf("\x1b[?25h") > pty.raw.lastIndexOf("\x1b[?25l"), "cursor hidden");
}

async function folder(): Promise<string> {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(`${path}/reports`);
  for (const name of ["reports/x y.txt", "report.pdf", "zebra", "zoo", ".hidden", "new\nline"]) {
    await Deno.writeTextFile(`${path}/${name}`, "");
  }
  return path;
}

Deno.test({
  name: "TerminalPrompts.localFile() completes paths, and takes those it does not know",
  ignore: Deno.build.os !== "linux",
}, async () => {
  const cwd = await folder();
  await using pty = new Pty(command("local"), { cwd });
  const ask = async (keys: string, answer: string) => {
    await pty.waitFor("Tab completes");
    pty.send(keys);
    await pty.waitFor(`answer ${JSON.stringify(answer)}`);
  };
  await pty.waitFor("new\\u{a}line");
  await pty.waitFor("reports/");
  await ask("ze\t\r", "zebra");
  await ask("rep\t.\t\r", "report.pdf");
  await ask("rep\ts\tx\t\r", "reports/x y.txt");
  await ask("no/such file\r", "no/such file");
  await ask("~/zo\t\r", `${cwd}/zoo`);
  await ask("\x1b[A\r", "zoo");
  await ask("\x1b[B\r", "new\nline");
  await ask("z\x1b[B\x1b[B\r", "zoo");
  await ask("reports\x1b[B\rx\t\r", "reports/x y.txt");
  await ask("zoo\x7f\x7febra\x1b[D\x1b[D!\r", "zeb!ra");
  await ask("\x1b", "");
  await ask("\r", "");
  await ask(`${"long ".repeat(60)}\r`, "long ".repeat(60));
  await pty.waitFor("Tab completes"); // Between two questions Ctrl-C is a signal.
  pty.send("\x03");
  await pty.waitFor("answer none");
  assert.equal(await pty.exit, 0);
  assert.doesNotMatch(pty.text, /NotCapable|hidden|Uncaught/);
  await Deno.remove(cwd, { recursive: true });
});

drive("TerminalPrompts.remoteFile() filters as one types, and takes any name", ["remote"], async (
  pty,
) => {
  const ask = async (keys: string, answer: string) => {
    await pty.waitFor("Tab completes");
    pty.send(keys);
    await pty.waitFor(`answer ${JSON.stringify(answer)}`);
  };
  await pty.waitFor("> 1. alpha.txt  1 KiB");
  await ask("\r", "alpha.txt");
  await ask("EVI\r", "evil\x1b[2J\u202e\n.txt");
  await ask("\x1b[B\r", "evil\x1b[2J\u202e\n.txt");
  await ask("txt\x1b[B\x1b[B\r", `${"long-".repeat(60)}.txt`);
  await ask("2\r", "2");
  await ask("al\t\r", "alpha.txt");
  await ask("nothing like it\r", "nothing like it");
  await ask("\x1b", "");
});

drive("TerminalPrompts.remoteFile() escapes names, and cuts what is too wide", ["remote"], async (
  pty,
) => {
  await pty.waitFor("evil\\u{1b}[2J\\u{202e}\\u{a}.txt");
  await pty.waitFor(/long-lo?n?…/);
  await pty.waitFor("Tab completes");
  assert.ok(!pty.raw.includes("\x1b[2J") && !pty.raw.includes("\u202e"));
  const [shown = ""] = pty.text.split("answer");
  for (const line of shown.split(/\r?\n/)) assert.ok(line.length < 40, line);
}, { columns: 40 });

drive("TerminalPrompts.remoteFile() finds one of 100,000", ["remote", "100000"], async (pty) => {
  await pty.waitFor("(100000 matches");
  pty.send("\x1b[A");
  await pty.waitFor("> 100000. file-100000.bin");
  pty.send("e-5432");
  await pty.waitFor("(11 matches");
  pty.send("1\r");
  await pty.waitFor('answer "file-54321.bin"');
}, { deadline: 20_000 });
