/** Roots that somebody else prepared before the server starts. */
import assert from "node:assert/strict";
import { FtError } from "../../src/error.ts";
import { serve } from "../../src/verbs/serve.ts";
import { writeFile } from "../files.ts";
import { Outside } from "./outside.ts";

type Plant = (root: string, outside: Outside) => void;

const ROOTS: readonly (readonly [string, Plant])[] = [
  [
    "its own folder as a link to a folder outside",
    (root, outside) => Deno.symlinkSync(outside.at("folder"), `${root}/.ft`),
  ],
  [
    "its own folder as a link to nothing yet",
    (root, outside) => Deno.symlinkSync(outside.at("made"), `${root}/.ft`),
  ],
  ["its own folder as a file", (root) => writeFile(`${root}/.ft`, "")],
  ["a token that is a link to a file outside", (root, outside) => {
    Deno.mkdirSync(`${root}/.ft`);
    Deno.symlinkSync(outside.at("secret.txt"), `${root}/.ft/token`);
  }],
  ["a token that is a link to nothing yet", (root, outside) => {
    Deno.mkdirSync(`${root}/.ft`);
    Deno.symlinkSync(outside.at("made"), `${root}/.ft/token`);
  }],
  ["a token that is a link to itself", (root) => {
    Deno.mkdirSync(`${root}/.ft`);
    Deno.symlinkSync(`${root}/.ft/token`, `${root}/.ft/token`);
  }],
  ["a token that is a folder", (root) => writeFile(`${root}/.ft/token/x`, "")],
  ["a token that has no end", (root) => {
    Deno.mkdirSync(`${root}/.ft`);
    Deno.symlinkSync("/dev/zero", `${root}/.ft/token`);
  }],
  [
    "a room as a link to nothing yet",
    (root, outside) => Deno.symlinkSync(outside.at("made"), `${root}/uploads`),
  ],
  ["a room as a file", (root) => writeFile(`${root}/shared_files`, "")],
  [
    "a room as a link to a file outside",
    (root, outside) => Deno.symlinkSync(outside.at("secret.txt"), `${root}/shared_uploads`),
  ],
];

for (const [what, plant] of ROOTS) {
  Deno.test({ name: `hostile root: ${what}`, ignore: Deno.build.os === "windows" }, async () => {
    const base = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "ft-root-" }));
    try {
      using outside = new Outside(`${base}/outside`);
      const root = `${base}/root`;
      Deno.mkdirSync(root);
      plant(root, outside);
      const options = {
        hostname: "127.0.0.1",
        port: 0,
        security: { kind: "plain" },
        requireToken: true,
      } as const;
      await assert.rejects(
        serve({ ...options, root }),
        (thrown) => {
          assert(thrown instanceof FtError, String(thrown));
          assert.equal(thrown.code, "io");
          assert.doesNotMatch(thrown.message, /stack/);
          return true;
        },
      );
      outside.assertUntouched();
      // The port is free, and a root of one's own is served.
      const server = await serve({ ...options, root: `${base}/honest` });
      await server.stop();
    } finally {
      Deno.removeSync(base, { recursive: true });
    }
  });
}
