import { equal } from "node:assert/strict";
import { ChunkLists } from "./chunk_lists.ts";

const list = (version: string, length = 512) => ({ version, digests: new Uint8Array(length) });

Deno.test("ChunkLists.get() knows the list of exactly one version of a file", () => {
  const lists = new ChunkLists();
  const first = list("v1");
  lists.put("shared", "a", first);
  equal(lists.get("shared", "a", "v1")?.digests, first.digests);
  equal(lists.get("shared", "a", "v2"), undefined);
  equal(lists.get("public", "a", "v1"), undefined);
  lists.put("shared", "a", list("v2"));
  equal(lists.get("shared", "a", "v1"), undefined);
  lists.get("shared", "a", "v2")?.forget();
  equal(lists.get("shared", "a", "v2"), undefined);
});

Deno.test("ChunkLists.put() keeps the lists that were used last, up to a number of bytes", () => {
  const lists = new ChunkLists(1024);
  for (const name of ["a", "b"]) lists.put("shared", name, list("v"));
  lists.get("shared", "a", "v");
  lists.put("shared", "c", list("v"));
  const kept = () => ["a", "b", "c"].filter((name) => lists.get("shared", name, "v") !== undefined);
  equal(kept().join(), "a,c");
  // One that is too large pushes out no other, but what it takes the place of.
  lists.put("shared", "c", list("w", 1536));
  equal(kept().join(), "a");
  lists.put("shared", "d", list("v", 1024));
  equal(kept().join(), "");
  equal(lists.get("shared", "d", "v")?.digests.length, 1024);
  lists.put("shared", "e", list("v", 480));
  equal(lists.get("shared", "e", "v"), undefined);
});
