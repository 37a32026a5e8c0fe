import { deepEqual, equal, rejects } from "node:assert/strict";
import { confirmKey } from "./contact.ts";

const STRANGER = { address: "na\x1bs:5000", fingerprint: `SHA256:${"k".repeat(43)}` };

Deno.test("confirmKey() shows the host and the whole fingerprint, and asks", async () => {
  for (const answer of [true, false]) {
    let shown = "";
    const questions: string[] = [];
    const confirm = (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
    equal(await confirmKey(STRANGER, { confirm }, (text) => shown += text), answer);
    equal(
      shown,
      "The server at na\\u{1b}s:5000 is not known yet. The fingerprint of its key is\n" +
        `  ${STRANGER.fingerprint}\n` +
        "Compare it with the line 'Key fingerprint' that 'ft serve' shows there.\n",
    );
    deepEqual(questions, ["Are they equal?"]);
  }
});

Deno.test("confirmKey() takes a question that is left for no answer at all", async () => {
  const confirm = () => Promise.resolve(undefined);
  await rejects(confirmKey(STRANGER, { confirm }, () => {}), { code: "interrupted" });
});
