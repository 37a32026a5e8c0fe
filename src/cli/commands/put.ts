import { FtError } from "../../error.ts";
import type { Sendable } from "../../mod.ts";
import { put, share } from "../../verbs/upload.ts";
import type { Options } from "../arguments.ts";
import { standardInput } from "../standard_streams.ts";
import { runTransfer, STANDARD } from "../transfer.ts";

/** `ft put FILE...` */
export function runPut(files: readonly string[], options: Options): Promise<number> {
  return runUpload("put", put, files, options);
}

/** `ft share FILE...` */
export function runShare(files: readonly string[], options: Options): Promise<number> {
  return runUpload(
    "share",
    (sent, common) => {
      const { expires, downloads, note } = options;
      return share(sent, { ...common, expires, downloads, note });
    },
    files,
    options,
  );
}

async function runUpload(
  command: "put" | "share",
  verb: typeof put,
  files: readonly string[],
  options: Options,
): Promise<number> {
  requireClear(command, files, options);
  const conflict = options.onConflict;
  return await runTransfer(command, files, options, ({ signal, ...common }) => {
    const sent = files.map((file): Sendable => {
      const { name = file, size } = options;
      if (file === STANDARD) return { name, size, stream: standardInput(signal) };
      return options.name === undefined ? file : { path: file, name };
    });
    return verb(sent, { ...common, signal, conflict });
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
