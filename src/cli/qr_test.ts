import { equal, match, ok } from "node:assert/strict";
import { qrText } from "./qr.ts";

const INVITE = `ft://192.168.1.20:5000/${"k".repeat(43)}#${"x".repeat(22)}`;

Deno.test("qrText() is a square of half blocks with a light border", () => {
  const lines = qrText(INVITE, { columns: 80, color: false })?.trimEnd().split("\n") ?? [];
  const width = lines[0]?.length ?? 0;
  ok(width > 20 && width <= 50, String(width));
  equal(lines.length, Math.ceil(width / 2));
  for (const line of lines) match(line, new RegExp(`^[\u2588\u2580\u2584 ]{${width}}$`));
  match(lines[0] ?? "", /^\u2588+$/);
});

Deno.test("qrText() gives nothing that would be cut", () => {
  const width = qrText(INVITE, { columns: 80, color: false })?.indexOf("\n") ?? 0;
  ok(qrText(INVITE, { columns: width, color: false }) !== undefined);
  equal(qrText(INVITE, { columns: width - 1, color: false }), undefined);
});

Deno.test("qrText() is dark on light where there are colours", () => {
  const colored = qrText(INVITE, { columns: 80, color: true }) ?? "";
  // deno-lint-ignore no-control-regex -- colours are what is looked for
  const plain = colored.replace(/^\x1b\[97;40m(.*)\x1b\[0m$/gm, "$1");
  equal(plain, qrText(INVITE, { columns: 80, color: false }));
});
