import assert from "node:assert/strict";
import { expandHome, LinePrompts } from "./prompt.ts";

/** Prompts that read `pieces`, and everything they wrote. */
function piped(...pieces: (string | Uint8Array)[]) {
  const encoder = new TextEncoder();
  const input = ReadableStream.from(
    pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece),
  );
  const shown = { text: "" };
  const write = (text: string) => void (shown.text += text);
  return { prompts: new LinePrompts({ input, write, home: "/home/ana" }), shown };
}

Deno.test("LinePrompts.choice() shows the seed's menu and reads one line", async () => {
  const { prompts, shown } = piped("1\nreport.pdf\nq\n");
  assert.equal(await prompts.choice(), "1");
  assert.equal(await prompts.localFile("File to upload:"), "report.pdf");
  assert.equal(await prompts.choice(), "q");
  assert.equal(await prompts.choice(), undefined);
  assert.ok(shown.text.startsWith(`--- File Transfer Client ---
1. Upload a file (Private to Server)
2. Download a file (From Server's Public Folder)
3. Upload a file (For Sharing with Other Clients)
4. List & Download Shared Files
q. Quit
Enter your choice: 
File to upload: 
`));
});

Deno.test("LinePrompts.choice() gives back an unknown choice, trimmed", async () => {
  const { prompts } = piped("  seven \n\n");
  assert.equal(await prompts.choice(), "seven");
  assert.equal(await prompts.choice(), "");
});

Deno.test("LinePrompts reads CRLF, a missing last line end, and any split", async () => {
  const bytes = new TextEncoder().encode("1\r\nnaïve 🎈.txt\r\n last");
  const { prompts } = piped(...Array.from(bytes, (byte) => Uint8Array.of(byte)));
  assert.equal(await prompts.choice(), "1");
  assert.equal(await prompts.localFile("?"), "naïve 🎈.txt");
  assert.equal(await prompts.localFile("?"), " last");
  assert.equal(await prompts.localFile("?"), undefined);
});

Deno.test("LinePrompts bounds an over-long line at 64 KiB and goes on after it", async () => {
  const piece = "x".repeat(50_000);
  const { prompts } = piped(piece, piece, piece, "\nq\n");
  assert.equal((await prompts.localFile("?"))?.length, 64 * 1024);
  assert.equal(await prompts.choice(), "q");
});

Deno.test("LinePrompts.localFile() takes ~/ as the home folder", async () => {
  const { prompts } = piped("~/a.txt\n");
  assert.equal(await prompts.localFile("?"), "/home/ana/a.txt");
  assert.equal(expandHome("~", "/home/ana"), "/home/ana");
  assert.equal(expandHome("~bob/a", "/home/ana"), "~bob/a");
  assert.equal(expandHome("~/a", undefined), "~/a");
});

Deno.test("LinePrompts.remoteFile() lists items escaped and gives the typed answer", async () => {
  const { prompts, shown } = piped("2\n");
  const items = [
    { number: 1, name: "a.txt", detail: "1 KiB" },
    { number: 2, name: "evil\x1b[2J\u202e.txt", detail: "\x07" },
  ];
  assert.equal(await prompts.remoteFile("Number or name:", items), "2");
  assert.ok(shown.text.startsWith("1. a.txt  1 KiB\n2. evil"));
  assert.doesNotMatch(shown.text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
});

Deno.test("LinePrompts.confirm() is true for yes alone, undefined at the end", async () => {
  const { prompts } = piped("y\nYES\nno\n\nyesterday\n");
  const answers = [];
  for (let i = 0; i < 6; i++) answers.push(await prompts.confirm("Sure?"));
  assert.deepEqual(answers, [true, true, false, false, false, undefined]);
});

Deno.test("LinePrompts.close() ends an open question", async () => {
  const { readable } = new TransformStream<Uint8Array, Uint8Array>();
  const prompts = new LinePrompts({ input: readable, write: () => {} });
  const answer = prompts.choice();
  await prompts.close();
  assert.equal(await answer, undefined);
});
