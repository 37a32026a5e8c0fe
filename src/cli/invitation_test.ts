import { equal, match } from "node:assert/strict";
import { invitationText, joinLines } from "./invitation.ts";

const PIN = `${"k".repeat(42)}A`;
const SERVING = { hosts: ["10.0.0.5", "2001:db8::7"], port: 5000, key: PIN, locked: true };
const LOCAL = { ...SERVING, hosts: ["127.0.0.1"], locked: false };

Deno.test("joinLines() are commands that a shell takes as they are", () => {
  equal(
    joinLines(["ft://a:1/plain#$x`y", "ft://b:1/plain"]),
    "ft join 'ft://a:1/plain#$x`y'\nft join 'ft://b:1/plain'\n",
  );
  equal(joinLines([]), "");
});

Deno.test("invitationText() has the fingerprint and a command for every address", async () => {
  equal(
    await invitationText(SERVING, { pin: PIN, token: "t0ken" }),
    `Key fingerprint: SHA256:${PIN}\nJoin from another machine with:\n` +
      `ft join 'ft://10.0.0.5:5000/${PIN}#t0ken'\nft join 'ft://[2001:db8::7]:5000/${PIN}#t0ken'\n`,
  );
});

Deno.test("invitationText() has the QR code of the first invite, where there is one", async () => {
  const asked: string[] = [];
  const qr = (code: string | undefined) => (invite: string) => {
    asked.push(invite);
    return Promise.resolve(code);
  };
  const options = { pin: PIN, token: "t0ken" };
  match(await invitationText(SERVING, { ...options, qr: qr("CODE\n") }), /t0ken'\nCODE\n$/);
  equal(
    await invitationText(SERVING, { ...options, qr: qr(undefined) }),
    await invitationText(SERVING, options),
  );
  equal(asked.join(), Array(2).fill(`ft://10.0.0.5:5000/${PIN}#t0ken`).join());
});

Deno.test("invitationText() invites nobody to a server for this machine alone", async () => {
  const text = `Key fingerprint: SHA256:${PIN}\n`;
  equal(await invitationText(LOCAL, { pin: PIN, token: undefined }), text);
  equal(await invitationText({ ...LOCAL, key: "plain" }, { pin: undefined, token: undefined }), "");
  match(
    await invitationText({ ...LOCAL, locked: true }, { pin: PIN, token: "t0ken" }),
    /^ft join 'ft:\/\/127\.0\.0\.1:5000\/.*#t0ken'$/m,
  );
});
