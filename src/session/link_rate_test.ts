import assert from "node:assert/strict";
import { LinkRate } from "./link_rate.ts";

const MiB = 1024 * 1024;
const PLAIN = { isCompressed: false, bodies: 1 };
const COMPRESSED = { isCompressed: true, bodies: 1 };

/** A link that was seen to take 10 MB/s. */
function slow(): LinkRate {
  const link = new LinkRate();
  again(link);
  return link;
}

/** 200 ms of 10 MB/s. */
function again(link: LinkRate): void {
  link.took(2_000_000, 200, PLAIN);
  assert.equal(link.isSlow, true);
}

/** Compressed bytes that a link takes at once, in MiB, until it is looked at again. */
function easyUntilDoubted(link: LinkRate): number {
  for (let count = 1;; count++) {
    link.took(MiB, 1, COMPRESSED);
    if (!link.isSlow) return count;
  }
}

Deno.test("LinkRate takes what buffers let go at once for no fast moment", () => {
  const link = new LinkRate();
  for (let round = 0; round < 10; round++) {
    link.took(MiB, 80, PLAIN);
    link.took(MiB, 0.2, PLAIN);
  }
  assert.equal(link.isSlow, true);
  assert.ok(Math.abs(link.rate - MiB / 40) < 1_000, `${link.rate}`);
});

Deno.test("LinkRate forgets slowness with the first fast moment", () => {
  const link = slow();
  for (let count = 0; count < 4; count++) link.took(MiB, 1, PLAIN);
  assert.equal(link.isSlow, false);
});

Deno.test("LinkRate judges no short write by itself, however long it waited", () => {
  const link = new LinkRate();
  link.took(1_000, 500, PLAIN);
  assert.equal(link.isSlow, false);
  link.took(MiB, 1, PLAIN);
  assert.equal(link.isSlow, true);
});

Deno.test("LinkRate doubts slowness once compressed bytes go without waiting, ever later", () => {
  const link = slow();
  const counts = [4, 8, 16, 32, 64, 64];
  for (const count of counts) {
    assert.equal(easyUntilDoubted(link), count);
    again(link);
  }
  for (let count = 0; count < 4; count++) link.took(MiB, 1, PLAIN);
  again(link);
  assert.equal(easyUntilDoubted(link), 4);
});

Deno.test("LinkRate stays slow while compressed bytes wait now and then", () => {
  const link = slow();
  for (let count = 0; count < 1_000; count++) {
    link.took(MiB, count % 3 === 0 ? 50 : 0.1, COMPRESSED);
  }
  assert.equal(link.isSlow, true);
});
