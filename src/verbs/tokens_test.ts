import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/staged.ts";
import { InviteToken } from "../storage/invite_token.ts";
import { serve } from "./serve.ts";
import { addToken, listTokens, revokeToken } from "./tokens.ts";

/** The root of a server that has run before. */
const security = { kind: "plain" } as const;

async function rootIn(folder: string): Promise<string> {
  const root = `${folder}/root`;
  const server = await serve({ hostname: "127.0.0.1", port: 0, root, security });
  await server.stop();
  return root;
}

Deno.test("addToken(), listTokens() and revokeToken() say who may do what", async () => {
  using folder = temporaryFolder();
  const root = await rootIn(folder.path);
  deepEqual(listTokens(root), []);
  const before = Date.now();
  const expires = before + 60_000;
  match(await addToken(root, "bob", ["fetch", "put", "put"], { expires }), /^[\w-]{22}$/);
  const chosen = "a-chosen-token-of-hers";
  equal(await addToken(root, "ana", ["get"], { token: chosen }), chosen);
  const [ana, bob, ...more] = listTokens(root);
  deepEqual(more, []);
  ok(ana !== undefined && ana.created >= before && ana.created <= Date.now());
  deepEqual({ ...ana, created: 0 }, {
    name: "ana",
    verbs: ["get"],
    created: 0,
    expires: undefined,
  });
  deepEqual([bob?.verbs, bob?.expires], [["put", "fetch"], expires]);
  revokeToken(root, "ana");
  deepEqual(listTokens(root).map(({ name }) => name), ["bob"]);
  const files = [...Deno.readDirSync(`${root}/.ft`)].map(({ name }) => `${root}/.ft/${name}`);
  for (const file of files) {
    const bytes = Deno.readFileSync(file);
    ok(!new TextDecoder("latin1").decode(bytes).includes(chosen), `${file} has the token`);
  }
});

Deno.test("addToken() refuses a name or a token that is taken", async () => {
  using folder = temporaryFolder();
  const root = await rootIn(folder.path);
  const token = await addToken(root, "ana", ["get"]);
  const invite = new InviteToken(`${root}/.ft/token`).make();
  const exists = (message: RegExp) => ({ code: "exists", message });
  await rejects(addToken(root, "ana", ["put"]), exists(/token named 'ana'/));
  await rejects(addToken(root, "bob", ["put"], { token }), exists(/in use under another name/));
  const same = { token: invite };
  await rejects(addToken(root, "bob", ["put"], same), exists(/in use under another name/));
  Deno.writeTextFileSync(`${root}/uploads/carl`, "");
  await rejects(addToken(root, "carl", ["put"]), exists(/the folder for 'carl'/));
  Deno.mkdirSync(`${root}/uploads/dora`);
  await addToken(root, "dora", ["put"]);
  deepEqual(listTokens(root).map(({ name, verbs }) => [name, verbs]), [["ana", ["get"]], [
    "dora",
    ["put"],
  ]]);
});

Deno.test("addToken() refuses what cannot be a name, a verb, a time or a token", async () => {
  using folder = temporaryFolder();
  const root = await rootIn(folder.path);
  const usage = { code: "usage" };
  for (const name of ["", "Ana", "a/b", "../a", "a b", ".ft"]) {
    await rejects(addToken(root, name, ["put"]), usage, name);
  }
  for (const verbs of [[], ["read"], ["put", ""], ["PUT"], ["__proto__"]]) {
    await rejects(addToken(root, "a", verbs), usage, verbs.join());
  }
  for (const expires of [0, Date.now() - 1, NaN, Infinity, 9e15]) {
    await rejects(addToken(root, "a", ["put"], { expires }), usage, String(expires));
  }
  await rejects(addToken(root, "a", ["put"], { token: "short" }), usage);
  deepEqual(listTokens(root), []);
});

Deno.test("tokens are refused politely where no server's root is, and nothing is made there", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  // Downloads have a folder of the same name.
  Deno.mkdirSync(`${path}/downloads/.ft`, { recursive: true });
  for (const root of [path, `${path}/none`, `${path}/downloads`]) {
    const refused = { code: "not_found", message: `'${root}' is not the root of a server.` };
    await rejects(addToken(root, "a", ["put"]), refused);
    throws(() => listTokens(root), refused);
    throws(() => revokeToken(root, "a"), refused);
  }
  deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), ["downloads"]);
  deepEqual([...Deno.readDirSync(`${path}/downloads/.ft`)], []);
});

Deno.test("revokeToken() says that there is no token of the name", async () => {
  using folder = temporaryFolder();
  const root = await rootIn(folder.path);
  throws(() => revokeToken(root, "ana"), { code: "not_found", message: /named 'ana'/ });
});

Deno.test("serve() makes the invite's token where one is needed, and the same again", async () => {
  using folder = temporaryFolder();
  const root = `${folder.path}/root`;
  const path = `${root}/.ft/token`;
  const token = async (say: object) => {
    const server = await serve({ hostname: "127.0.0.1", port: 0, root, security, ...say });
    await server.stop();
    return server.token;
  };
  equal(await token({}), undefined);
  throws(() => Deno.statSync(path), Deno.errors.NotFound);
  equal(await token({ hostname: "0.0.0.0", open: true }), undefined);
  throws(() => Deno.statSync(path), Deno.errors.NotFound);
  const made = await token({ requireToken: true });
  equal(made, new InviteToken(path).read());
  equal(await token({ hostname: "0.0.0.0" }), made);
  equal(await token({ hostname: "127.0.0.2", requireToken: true }), made);
  equal(await token({}), undefined);
  await rejects(token({ open: true, requireToken: true }), { code: "usage" });
});
