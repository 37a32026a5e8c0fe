import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { complete, type CompletionWorld } from "./completion.ts";
import { completionScript } from "./completion_script.ts";
import { COMMANDS } from "./table.ts";

/** A world in which these files can be had. */
function world(...names: string[]): CompletionWorld & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    servers: () => ["nas", "127.0.0.1:5000"],
    names(room, before) {
      asked.push(`${room} ${before.join(" ")}`);
      return Promise.resolve(names);
    },
  };
}

async function words(...typed: string[]): Promise<readonly string[]> {
  const found = await complete(typed, world("a.txt", "b c.txt", "-rf", "--new"));
  ok(found.kind === "words", found.kind);
  return found.words;
}

Deno.test("complete() knows every command and option of the table", async () => {
  deepStrictEqual(await words(""), Object.keys(COMMANDS));
  deepStrictEqual(await words("tru"), ["trust"]);
  deepStrictEqual(await words("-"), ["--help", "--version"]);
  deepStrictEqual(await words("list", "--t"), ["--token-file", "--trust-first", "--timeout"]);
  deepStrictEqual(await words("help", "pu"), ["put"]);
  deepStrictEqual(await words("completion", "p"), ["powershell"]);
});

Deno.test("complete() knows choices, as a word of their own or behind =", async () => {
  deepStrictEqual(await words("get", "--on-conflict", "s"), ["skip"]);
  deepStrictEqual(await words("get", "--on-conflict=o"), ["--on-conflict=overwrite"]);
  deepStrictEqual(await words("get", "--server=n"), ["--server=nas"]);
  deepStrictEqual(await words("trust", "forget", "1"), ["127.0.0.1:5000"]);
  deepStrictEqual(await words("list", "--output=x"), []);
  deepStrictEqual(await words("get", "--retries", ""), []);
});

Deno.test("complete() leaves local files and folders to the shell", async () => {
  for (
    const [typed, kind] of [
      [["put", ""], "files"],
      [["put", "a", "b"], "files"],
      [["get", "-o", "x"], "files"],
      [["fetch", "--code-file", "x"], "files"],
      [["get", "--token-file=x"], "files"],
      [["serve", "--root", ""], "folders"],
      [["partials", "clear", ""], "folders"],
    ] as const
  ) deepStrictEqual(await complete(typed, world()), { kind }, typed.join(" "));
});

Deno.test("complete() asks for the names of the room that is meant, and for no others", async () => {
  const there = world("a.txt", "b c.txt");
  deepStrictEqual(await complete(["get", "--server", "nas", "b"], there), {
    kind: "words",
    words: ["b c.txt"],
  });
  await complete(["fetch", "a.txt", ""], there);
  await complete(["unshare", ""], there);
  await complete(["info", ""], there);
  await complete(["list", ""], there);
  await complete(["fetch", "--"], there);
  deepStrictEqual(there.asked, [
    "public get --server nas",
    "shared fetch a.txt",
    "mine unshare",
    "listed info",
  ]);
});

Deno.test("complete() offers no name that would be an option, or that a terminal obeys", async () => {
  deepStrictEqual(await words("fetch", ""), ["a.txt", "b c.txt"]);
  deepStrictEqual(await words("fetch", "--n"), []);
  deepStrictEqual(await words("fetch", "--", ""), ["a.txt", "b c.txt", "-rf", "--new"]);
  const hostile = ["a\nb", "a\x1b[2J", "a\u202e", "a\u009b", "a\ud800", "a\u2028", "a"];
  deepStrictEqual(await complete(["get", ""], world(...hostile)), { kind: "words", words: ["a"] });
});

Deno.test("complete() passes on that a server does not answer", async () => {
  const down: CompletionWorld = { servers: () => [], names: () => Promise.reject(new Error()) };
  await rejects(complete(["get", ""], down));
});

Deno.test("completionScript() is there for each shell of the table, and evaluates nothing", () => {
  const [{ choices }] = COMMANDS.completion.operands;
  for (const shell of choices) {
    const script = completionScript(shell);
    ok(script.includes(` complete ${shell} `), shell);
    ok(!/\b(eval|Invoke-Expression|iex)\b/.test(script), shell);
  }
});

Deno.test("completionScript() for PowerShell has brackets and quotes in pairs", () => {
  // There is no PowerShell here that could read it.
  const open: string[] = [];
  const bare = completionScript("powershell").replaceAll(/'[^']*'|"[^"]*"|#.*$/gm, "");
  for (const char of bare.match(/[()[\]{}'"]/g) ?? []) {
    if ("([{".includes(char)) open.push(char);
    else deepStrictEqual(open.pop(), { ")": "(", "]": "[", "}": "{" }[char], char);
  }
  deepStrictEqual(open, []);
});
