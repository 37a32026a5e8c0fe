import { deepEqual, equal, match } from "node:assert/strict";
import { ListText, orderOf, remoteItems } from "./listing.ts";

const now = Date.now();
const ITEMS = [
  { name: "a.txt", size: 5, time: now, tag: "1", who: "an\x1ba" },
  { name: "b.txt", size: 2048, time: now, tag: "2" },
];

Deno.test("ListText and remoteItems() say who shared a file, where the server does", () => {
  match(
    new ListText().page(ITEMS),
    /^1\. a\.txt {9}5 B {2}\d s ago, from an\\u\{1b\}a\n2\. b\.txt {5}2\.0 KiB {2}\d s ago\n$/,
  );
  const details = remoteItems(ITEMS).map(({ detail }) => detail.replace(/\d s/, "0 s"));
  deepEqual(details, ["5 B, 0 s ago, from an\x1ba", "2.0 KiB, 0 s ago"]);
});

Deno.test("ListText says how often and until when a share can be had, and its note, harmless", () => {
  const terms = {
    downloads: 1,
    expires: new Date(2031, 0, 2, 3, 4, 5).getTime(),
    note: "for\nAna",
  };
  const item = { name: "c", size: 1, time: now, tag: "3", ...terms };
  match(
    new ListText().page([item]),
    /ago, 1 download left, until 2031-01-02 03:04:05, for\\u\{a\}Ana\n$/,
  );
  // Of what is secret the note is nothing to read.
  match(new ListText().page([{ ...item, secret: "age" }]), / 03:04:05, secret \(age\)\n$/);
});

Deno.test("ListText counts on from page to page", () => {
  const text = new ListText();
  text.page(ITEMS);
  match(text.page(ITEMS), /^3\. a\.txt.*\n4\. b\.txt/);
});

Deno.test("ListText pads names to those that fit, and shows a longer one whole", () => {
  const long = "long".repeat(60);
  const items = [...ITEMS, { name: "a name of 25 characters !", size: 1, time: now, tag: "3" }];
  const lines = (columns: number | undefined, name = long) => {
    const all = [...items, { name, size: 1, time: now, tag: "4" }];
    return new ListText(columns).page(all).split("\n");
  };
  for (const columns of [undefined, 100]) {
    const [first = "", , third = "", fourth = ""] = lines(columns);
    equal(first.indexOf(" 5 B"), third.indexOf(" 1 B"));
    match(third, /^3\. a name of 25 characters ! {9}1 B {2}\d s ago$/);
    match(fourth, /^4\. (long){60} {9}1 B {2}\d s ago$/);
  }
  const narrow = lines(40);
  match(narrow[0] ?? "", /^1\. a\.txt {9}5 B /);
  match(narrow[2] ?? "", /^3\. a name of 25 characters ! {9}1 B /);
  // Up to 60 cells, where there is room.
  const name = "n".repeat(60);
  equal(lines(100, name)[0]?.indexOf(" 5 B"), lines(100, name)[3]?.indexOf(" 1 B"));
});

Deno.test("orderOf() sorts by each of its words, and what is equal by age", () => {
  const items = [
    { name: "b", size: 1, time: 3, tag: "", who: "x", downloads: 2 },
    { name: "a", size: 2, time: 2, tag: "", expires: 9 },
    { name: "c", size: 2, time: 1, tag: "", who: "w", downloads: 1 },
  ];
  const sorted = (sort: Parameters<typeof orderOf>[0]) =>
    items.toSorted(orderOf(sort)).map(({ name }) => name).join("");
  equal(orderOf("age"), undefined);
  deepEqual(
    (["name", "size", "who", "downloads", "expiry"] as const).map(sorted),
    ["abc", "cab", "acb", "cba", "acb"],
  );
});
