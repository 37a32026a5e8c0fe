/**
 * `deno task compile`: ft as one executable, and `deno task compile:all`: one for each platform.
 * A base runtime that is not the one of this Deno gives a program that starts but is not ft, so
 * what was made for this platform is asked for its version.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { VERSION } from "../../src/version.ts";

/** What `deno compile` makes executables for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
];
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Thrown with the one line that says why there is no executable. */
class NotMade extends Error {}

interface Output {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  stream.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function run(program: string, args: string[], denort?: string): Promise<Output> {
  const { DENORT_BIN: _, ...env } = Deno.env.toObject();
  if (denort !== undefined) env["DENORT_BIN"] = denort;
  const command = new Deno.Command(program, {
    args,
    env,
    clearEnv: true,
    cwd: ROOT,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function compile(target: string, output: string): Promise<void> {
  // It names a runtime of this platform, which is of no use for another.
  const denort = target === Deno.build.target ? Deno.env.get("DENORT_BIN") : undefined;
  const args = ["compile", "-q", "-P", "--exclude-unused-npm", "--target", target];
  const made = await run(Deno.execPath(), [...args, "--output", output, "main.ts"], denort);
  if (made.success) return;
  const address = /error sending request for url \((\S+)\)/.exec(made.stderr)?.[1];
  if (address?.includes("denort") !== true) throw new NotMade(made.stderr.trim());
  throw new NotMade(
    `Cannot compile for ${target}: ${address} cannot be downloaded. ` +
      "Allow that address, or name a denort of your own with DENORT_BIN.",
  );
}

/** Starts what was made; anything that is not ft is removed. */
async function prove(output: string): Promise<string> {
  const path = Deno.build.os === "windows" ? `${output}.exe` : output;
  const { success, stdout } = await run(path, ["--version"]).catch((thrown) => {
    return { success: false, stdout: String(thrown) };
  });
  if (success && stdout === `ft ${VERSION}\n`) return stdout.trim();
  Deno.removeSync(path);
  const said = stdout.split("\n", 1)[0];
  throw new NotMade(
    `Cannot compile: what was made answers --version with '${said}', not 'ft ${VERSION}'. ` +
      `DENORT_BIN must name the denort of Deno ${Deno.version.deno}.`,
  );
}

async function makeAll(output: string): Promise<void> {
  for (const target of TARGETS) {
    const path = `${output}-${target}`;
    await compile(target, path);
    const note = target === Deno.build.target ? await prove(path) : "made, not started here";
    say(Deno.stdout, `${path}: ${note}`);
  }
}

async function makeOne(output: string): Promise<void> {
  await compile(Deno.build.target, output);
  say(Deno.stdout, `${output}: ${await prove(output)}`);
}

const [first, second] = Deno.args;
try {
  if (first === "--all") await makeAll(second ?? "dist/ft");
  else await makeOne(first ?? "dist/ft");
} catch (thrown) {
  if (!(thrown instanceof NotMade)) throw thrown;
  say(Deno.stderr, thrown.message);
  Deno.exit(1);
}
