import { match, ok, strictEqual } from "node:assert/strict";
import { FtError } from "../error.ts";
import type { TransferReport } from "../mod.ts";
import { moreLine, reportLine, troubleLine } from "./server_log.ts";

const REPORT: TransferReport = {
  peer: "10.0.0.7:4711",
  owner: "0123abcd",
  who: undefined,
  action: "share",
  room: "shared",
  name: "a b.txt",
  bytes: 2048,
  milliseconds: 2000,
  receipt: { name: "a b.txt", size: 2048, digest: "ft1:2048:ab", outcome: "new" },
  failure: undefined,
};
/** What a stranger would like to write: colours, line ends, bidi, a lone surrogate. */
const EVIL = "\x1b[31m\r\n2026-01-01 \x9b\u202e\u2028\ud800";

Deno.test("reportLine() says who, what, how much and the digest", () => {
  match(
    reportLine(REPORT) ?? "",
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}share {2}10\.0\.0\.7:4711 \(0123abcd\) {2}'shared_uploads\/a b\.txt' {2}2\.0 KiB in 2\.0 s, 1\.0 KiB\/s {2}ft1:2048:ab$/,
  );
  strictEqual(reportLine({ ...REPORT, action: "list", receipt: undefined }), undefined);
});

Deno.test("a line of the log is one harmless line of bounded length, whatever others say", () => {
  const long = [EVIL.repeat(500), "a".repeat(8_192), "名".repeat(8_192), "a\u0301".repeat(4_096)];
  for (const text of [EVIL, ...long]) {
    const failure = new FtError("protocol", text);
    const lines = [
      reportLine({ ...REPORT, name: text }),
      reportLine({ ...REPORT, name: text, receipt: undefined, failure }),
      reportLine({ ...REPORT, action: "list", receipt: undefined, failure }),
      troubleLine(text, failure),
      troubleLine("10.0.0.7:4711", new FtError("protocol", text, { side: "there" })),
    ];
    for (const line of lines) {
      ok(line !== undefined && line.length <= 2_500, `${line?.length} characters`);
      ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(line), line);
    }
  }
  match(troubleLine("10.0.0.7:1", new FtError("protocol", "x".repeat(9_999))), /: x{499}…$/);
});

Deno.test("moreLine() says how many lines there are not", () => {
  match(moreLine(12, "peers"), / {2}12 more conversations failed in this minute$/);
  match(moreLine(3, "transfers"), / {2}3 more transfers failed in this minute$/);
});
