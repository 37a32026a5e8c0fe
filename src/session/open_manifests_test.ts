import { doesNotThrow, throws } from "node:assert/strict";
import {
  NODE_CHARACTERS,
  OPEN_CHARACTERS,
  OWNER_CHARACTERS,
  TREE_CHARACTERS,
  TREE_ENTRIES,
} from "../protocol/limits.ts";
import { Manifest } from "./manifest.ts";
import { OpenManifests } from "./open_manifests.ts";

const BUSY = { name: "FtError", code: "busy" };

Deno.test("the manifests of one client have so much room, until one of them is done", () => {
  const manifests = new OpenManifests();
  const [first, second] = [manifests.open("ana"), manifests.open("ana")];
  first.take(OWNER_CHARACTERS - 10);
  second.take(10);
  throws(() => second.take(1), BUSY);
  manifests.open("ben").take(1);
  first.close();
  // What it could not take it does not give back.
  second.close();
  manifests.open("ana").take(OWNER_CHARACTERS);
  throws(() => manifests.open("ana").take(1), BUSY);
});

Deno.test("the manifests of all clients have so much room", () => {
  const manifests = new OpenManifests();
  const ana = manifests.open("ana");
  ana.take(OWNER_CHARACTERS);
  manifests.open("ben").take(OPEN_CHARACTERS - OWNER_CHARACTERS);
  throws(() => manifests.open("cleo").take(1), BUSY);
  ana.close();
  manifests.open("cleo").take(OWNER_CHARACTERS);
});

Deno.test("a client has room for any one folder that may be sent", () => {
  const manifest = new Manifest(new OpenManifests().open("ana"));
  const path = "p".repeat(TREE_CHARACTERS / TREE_ENTRIES);
  const entry = { path, kind: "file", digest: "d".repeat(128) } as const;
  doesNotThrow(() => {
    for (let at = 0; at < TREE_ENTRIES; at++) manifest.count(entry);
  });
  throws(() => manifest.count(entry), { code: "busy" });
});

Deno.test("a manifest takes room for its nodes and for what they say", () => {
  const manifests = new OpenManifests();
  manifests.open("ana").take(OWNER_CHARACTERS - 2 * NODE_CHARACTERS - 9);
  const manifest = new Manifest(manifests.open("ana"));
  manifest.count({ path: "abc", kind: "file", digest: "def" });
  throws(() => manifest.count({ path: "abc", kind: "link", target: "x" }), BUSY);
  manifest.count({ path: "ab", kind: "link", target: "x" });
});
