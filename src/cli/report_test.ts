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
