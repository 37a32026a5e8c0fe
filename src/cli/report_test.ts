import { doesNotMatch, match } from "node:assert/strict";
import { FtError } from "../error.ts";
import { failureTable, failureText } from "./report.ts";

Deno.test("failureText() and failureTable() show no token of an invite, wherever it stands", () => {
  const invite = `ft://nas:5000/${"k".repeat(43)}#sEcReT"$!`;
  const error = new FtError("usage", `Unexpected operand '${invite}'.`, {
    hint: `Not ${invite} so.`,
  });
  for (const text of [failureText(error), failureTable([{ name: invite, error }])]) {
    doesNotMatch(text, /sEcReT/);
    match(text, /Unexpected operand 'ft:\/\/nas:5000\/k+#\.\.\.'\.\n/);
    match(text, /Not ft:\/\/nas:5000\/k+#\.\.\. so\.\n/);
  }
});

Deno.test("failureText() and failureTable() say whether it is the server's disk that is full", () => {
  const full = new FtError("disk_full", "It does not fit.", { side: "there" });
  match(failureText(full), /^Error: It does not fit\. \(on the server\)$/m);
  const table = failureTable([
    { name: "a", error: full },
    { name: "b", error: new FtError("disk_full", "It does not fit.") },
    { name: "c", error: new FtError("not_found", "It is not there.", { side: "there" }) },
  ]);
  match(table, /^ {2}a: It does not fit\. \(on the server\)$/m);
  match(table, /^ {2}b: It does not fit\.$/m);
  match(table, /^ {2}c: It is not there\.$/m);
});
