import { deepEqual, match } from "node:assert/strict";
import { listText, remoteItems } from "./listing.ts";

const ITEMS = [
  { name: "a.txt", size: 5, time: Date.now(), tag: "1", who: "an\x1ba" },
  { name: "b.txt", size: 2048, time: Date.now(), tag: "2" },
];

Deno.test("listText() and remoteItems() say who shared a file, where the server does", () => {
  match(
    listText(ITEMS),
    /^1\. a\.txt {9}5 B {2}\d s ago, from an\\u\{1b\}a\n2\. b\.txt {5}2\.0 KiB {2}\d s ago\n$/,
  );
  const details = remoteItems(ITEMS).map(({ detail }) => detail.replace(/\d s/, "0 s"));
  deepEqual(details, ["5 B, 0 s ago, from an\x1ba", "2.0 KiB, 0 s ago"]);
});
