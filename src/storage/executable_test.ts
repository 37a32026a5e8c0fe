import { equal } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { writeFile } from "../../tests/files.ts";
import { setExecutable } from "./executable.ts";

Deno.test({
  name: "setExecutable() lets those run a file who may read it, and takes that back",
  ignore: Deno.build.os === "windows",
  fn() {
    using folder = temporaryFolder();
    const path = `${folder.path}/file`;
    writeFile(path, "x");
    const after = (mode: number, isExecutable: boolean) => {
      Deno.chmodSync(path, mode);
      setExecutable(path, isExecutable);
      return (Deno.statSync(path).mode ?? 0) & 0o7777;
    };
    const pairs = [[0o644, 0o755], [0o664, 0o775], [0o640, 0o750], [0o600, 0o700], [0o400, 0o500]];
    for (const [plain = 0, executable = 0] of pairs) {
      equal(after(plain, true), executable);
      equal(after(executable, false), plain);
      equal(after(plain, false), plain);
      equal(after(executable, true), executable);
    }
    equal(after(0o744, true), 0o744, "what may be run already stays as it is");
    equal(after(0o654, false), 0o654, "others' bits alone make nothing executable");
  },
});
