import { FtError } from "../../error.ts";
import type { Receipt, Sendable } from "../../mod.ts";
import { makeCode } from "../../verbs/age.ts";
import { put, share, type UploadOptions } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { err } from "../shell.ts";
import { standardInput } from "../standard_streams.ts";
import { escapeText, quoteShell } from "../text.ts";
import { runTransfer, STANDARD } from "../transfer.ts";
import { show } from "../voice.ts";

/** Of folders that are sent, those paths in them which alone are. */
export type Only = UploadOptions["only"];

/** `ft put FILE...` */
export function runPut(files: readonly string[], options: Options, only?: Only): Promise<number> {
  return runUpload("put", (sent, common) => put(sent, { ...common, only }), files, options);
}

/** `ft share FILE...` */
export async function runShare(
  files: readonly string[],
  options: Options,
  only?: Only,
): Promise<number> {
  const { expires, downloads, note, hideName, secret } = options;
  if (hideName && !secret) {
    throw new FtError("usage", "Option '--hide-name' is for what is secret.", {
      hint: "Add --secret. See: ft share --help",
    });
  }
  const secrecy = secret ? { code: await makeCode(), hideName } : undefined;
  const shared: Receipt[] = [];
  const exit = await runUpload(
    "share",
    async (sent, common) => {
      const results = await share(sent, { ...common, only, expires, downloads, note, secrecy });
      shared.push(...results.flatMap((result) => "receipt" in result ? result.receipt : []));
      return results;
    },
    files,
    options,
  );
  if (secrecy !== undefined && shared.some(({ outcome }) => outcome !== "skipped")) {
    tellCode(secrecy.code, shared, options);
  }
  return exit;
}

/** Shows the code, which nobody can find out later, and what to do with it. */
function tellCode(code: string, shared: readonly Receipt[], { quiet }: Options): void {
  if (!quiet) {
    const names = shared.map(({ name }) => quoteShell(escapeText(name))).join(" ");
    err(`Whoever has this code can read it with: ft fetch ${names}\n`);
    err("Hand it over, but not through the server. It is not kept and cannot be shown again.\n");
  }
  const files = shared.map(({ name }) => name);
  show(() => `${code}\n`, () => [{ what: "code", code, files }]);
}

async function runUpload(
  command: "put" | "share",
  verb: typeof put,
  files: readonly string[],
  options: Options,
): Promise<number> {
  requireClear(command, files, options);
  const { onConflict: conflict, exclude, links, checksum, dryRun } = options;
  const how = { conflict, exclude, links, checksum, dryRun };
  return await runTransfer(command, files, options, ({ signal, ...common }) => {
    const sent = files.map((file): Sendable => {
      const { name = file, size } = options;
      if (file === STANDARD) return { name, size, stream: standardInput(signal) };
      return options.name === undefined ? file : { path: file, name };
    });
    return verb(sent, { ...common, ...how, signal });
  });
}

/** Throws FtError `usage` where names and operands do not go together. */
function requireClear(
  command: string,
  files: readonly string[],
  { name, size }: Options,
): void {
  const isPiped = files.includes(STANDARD);
  const see = `See: ft ${command} --help`;
  if (isPiped && files.length > 1) {
    throw new FtError("usage", "Standard input is sent alone.", {
      hint: `A file that is called - is written ./- . ${see}`,
    });
  }
  if (isPiped && name === undefined) {
    throw new FtError("usage", "What comes on standard input needs a name.", {
      hint: `Write: ft ${command} - --name NAME`,
    });
  }
  if (name !== undefined && files.length > 1) {
    throw new FtError("usage", "One name is not enough for several files.", {
      hint: `Leave out --name, or send one file at a time. ${see}`,
    });
  }
  if (size !== undefined && !isPiped) {
    throw new FtError("usage", "Option '--size' is for standard input.", { hint: see });
  }
}
