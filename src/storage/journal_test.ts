import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Random, seed } from "../../tests/random.ts";
import {
  decodeJournal,
  encodeHead,
  encodeRecords,
  type JournalHead,
  NO_DIGEST,
} from "./journal.ts";

const HEAD: JournalHead = {
  format: 1,
  room: "shared",
  name: "\u00e9t\u00e9 \u{1f600}.bin",
  owner: "ann",
  size: 5_000_000,
  version: "1-2-3",
  mixed: false,
};

function recordsOf(count: number, from = new Random(1)) {
  return Array.from({ length: count }, (_, index) => ({ index, digest: from.bytes(32).slice() }));
}

function join(...pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

Deno.test("decodeJournal() reads what was whole of a journal torn at any byte", () => {
  const records = recordsOf(4);
  const head = encodeHead(HEAD);
  const bytes = join(head, encodeRecords(records));
  for (let length = 0; length <= bytes.length; length++) {
    const journal = decodeJournal(bytes.slice(0, length));
    if (length < head.length) {
      equal(journal, undefined);
      continue;
    }
    const whole = Math.floor((length - head.length) / 40);
    deepEqual(journal?.head, HEAD);
    deepEqual(journal?.records, records.slice(0, whole));
    equal(journal?.length, head.length + whole * 40);
  }
});

Deno.test("decodeJournal() leaves zeros at the end, as a crash may leave them", () => {
  const records = recordsOf(3);
  const bytes = join(encodeHead(HEAD), encodeRecords(records));
  for (let zeros = 0; zeros <= 120; zeros++) {
    deepEqual(decodeJournal(join(bytes, new Uint8Array(zeros)))?.records, records);
    // Zeros over the end of the last record.
    const torn = decodeJournal(join(bytes.slice(0, -4), new Uint8Array(zeros + 4)));
    deepEqual(torn?.records, records.slice(0, 2));
  }
});

Deno.test("decodeJournal() takes the last record of a chunk and puts them in order", () => {
  const [a, b, c] = recordsOf(3).map(({ digest }) => digest);
  if (a === undefined || b === undefined || c === undefined) throw new Error("unreachable");
  const records = [{ index: 7, digest: a }, { index: 2, digest: b }, { index: 7, digest: c }];
  const journal = decodeJournal(join(encodeHead(HEAD), encodeRecords(records)));
  deepEqual(journal?.records, [{ index: 2, digest: b }, { index: 7, digest: c }]);
});

Deno.test("decodeJournal() leaves out what was taken back, until it is there again", () => {
  const [a, b] = recordsOf(2);
  if (a === undefined || b === undefined) throw new Error("unreachable");
  const back = { index: a.index, digest: NO_DIGEST };
  const head = encodeHead(HEAD);
  deepEqual(decodeJournal(join(head, encodeRecords([a, b, back])))?.records, [b]);
  deepEqual(decodeJournal(join(head, encodeRecords([a, b, back, a])))?.records, [a, b]);
});

Deno.test("decodeJournal() refuses a head that is none", () => {
  const text = new TextEncoder();
  const faults: unknown[] = [
    null,
    [],
    "x",
    {},
    { ...HEAD, format: 2 },
    { ...HEAD, size: "5" },
    { ...HEAD, size: null },
    { ...HEAD, size: -1 },
    { ...HEAD, version: 5 },
    { ...HEAD, mixed: undefined },
    { ...HEAD, name: undefined },
  ];
  for (const fault of faults) {
    const line = text.encode(`${JSON.stringify(fault)}\n`);
    equal(decodeJournal(join(line, encodeRecords(recordsOf(1)))), undefined, JSON.stringify(fault));
  }
  equal(decodeJournal(text.encode("no json\n")), undefined);
  equal(decodeJournal(new Uint8Array(100_000)), undefined);
});

Deno.test("decodeJournal() never throws, and gives back what was encoded", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeJournal(new Uint8Array(bytes));
      decodeJournal(join(encodeHead(HEAD), bytes));
    }),
    { seed },
  );
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const record = fc.record({ index: fc.nat({ max: 2 ** 32 - 1 }), digest });
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.option(fc.string()),
      fc.uniqueArray(record, { selector: ({ index }) => index }),
      (name, version, found) => {
        const records = found.map(({ index, digest }) => ({ index, digest: join(digest) }));
        const head = { ...HEAD, name, version };
        const bytes = join(encodeHead(head), encodeRecords(records));
        const ordered = records.toSorted((a, b) => a.index - b.index);
        deepEqual(decodeJournal(bytes), { head, records: ordered, length: bytes.length });
      },
    ),
    { seed },
  );
});
