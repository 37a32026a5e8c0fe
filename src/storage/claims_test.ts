import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Records } from "./records.ts";
import type { ShareRecord } from "./shares.ts";
import type { Claimant } from "./store.ts";

const TIMES = { lapse: 30_000, held: 120_000, still: 5_000, counted: 86_400_000 };
const SHARE: ShareRecord = {
  name: "a",
  ino: "1",
  owner: "ana",
  who: "",
  run: "run",
  published: 0,
  expires: null,
  downloads: 2,
  note: "",
  secret: "",
};

/** Records with one share, a clock that is moved, and who claims. */
class Shelf implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "ft-claims-" });
  now = 1_000_000;
  records: Records = this.#open();

  constructor(downloads: number) {
    this.records.shares.put({ ...SHARE, downloads });
  }

  #open(): Records {
    const options = { times: TIMES, now: () => this.now };
    return Records.open(`${this.path}/records.db`, () => {}, options);
  }

  /** A process that ends without a word, and the next one. */
  restart(): void {
    this.records.close();
    this.records = this.#open();
    this.records.claims.resume();
  }

  get share(): ShareRecord {
    return this.records.shares.get("a", "1") ?? SHARE;
  }

  take(claimant: Claimant) {
    return this.records.claims.take(this.share, claimant);
  }

  [Symbol.dispose](): void {
    this.records.close();
    Deno.removeSync(this.path, { recursive: true });
  }
}

function claimant(owner: string, run = "run 1", connection: object = {}): Claimant {
  return { owner, run, connection };
}

Deno.test("Claims.take() gives no more claims than downloads are left, and says busy, then not found", async () => {
  using shelf = new Shelf(2);
  const first = shelf.take(claimant("bob"));
  const second = shelf.take(claimant("eve"));
  throws(() => shelf.take(claimant("sam")), { code: "busy" });
  await first.commit();
  throws(() => shelf.take(claimant("sam")), { code: "busy" });
  first.done();
  equal(shelf.share.downloads, 1);
  await second.commit();
  throws(() => shelf.take(claimant("sam")), { code: "not_found" });
  second.done();
  throws(() => shelf.take(claimant("eve")), { code: "not_found" });
});

Deno.test("Claim.release() lets another have it at once, Claim.leave() when it has lapsed", () => {
  using shelf = new Shelf(1);
  shelf.take(claimant("bob")).release();
  shelf.take(claimant("eve")).leave();
  throws(() => shelf.take(claimant("bob")), { code: "busy" });
  shelf.now += TIMES.lapse - 1;
  throws(() => shelf.take(claimant("bob")), { code: "busy" });
  shelf.now += 1;
  shelf.take(claimant("bob"));
});

for (const times of [1, 1_000]) {
  Deno.test(`Claim.renew() keeps it, ${times} times in the time that it is held without`, async () => {
    using shelf = new Shelf(1);
    const claim = shelf.take(claimant("bob"));
    for (let time = 0; time < 3 * times; time++) {
      shelf.now += TIMES.held / times - 1;
      claim.renew();
    }
    throws(() => shelf.take(claimant("eve")), { code: "busy" });
    // A connection that stands still loses it.
    shelf.now += TIMES.held;
    const other = shelf.take(claimant("eve"));
    await rejects(claim.commit(), { code: "busy" });
    other.release();
    // It is free again, so the one who was slow may have it after all.
    await claim.commit();
    equal(shelf.share.downloads, 0);
  });
}

Deno.test("a claim lapses in its time once others ask, also where the clock was set back", () => {
  using shelf = new Shelf(1);
  shelf.take(claimant("bob")).leave();
  shelf.now -= 3_600_000;
  throws(() => shelf.take(claimant("eve")), { code: "busy" });
  shelf.now += TIMES.lapse - 1;
  // To ask again does not make it last.
  throws(() => shelf.take(claimant("eve")), { code: "busy" });
  shelf.now += 1;
  shelf.take(claimant("eve"));
});

Deno.test("a claim that a restart found lapses in its time, also where the clock was set back", () => {
  using shelf = new Shelf(1);
  shelf.take(claimant("bob")).leave();
  shelf.now -= 3_600_000;
  shelf.restart();
  shelf.now += TIMES.lapse;
  shelf.take(claimant("eve"));
});

Deno.test("a claim that is held does not lapse for the clock being set back", async () => {
  using shelf = new Shelf(1);
  const claim = shelf.take(claimant("bob"));
  shelf.now -= 3_600_000;
  for (let time = 0; time < 3; time++) {
    throws(() => shelf.take(claimant("eve")), { code: "busy" });
    shelf.now += TIMES.lapse;
  }
  await claim.commit();
  equal(shelf.share.downloads, 0);
});

Deno.test("Claims.take() finds the claim of its owner after a loss, counted or not, and counts once", async () => {
  using shelf = new Shelf(1);
  shelf.take(claimant("bob")).leave();
  const again = shelf.take(claimant("bob", "run 2"));
  equal(again.isCounted, false);
  await again.commit();
  await again.commit();
  again.leave();
  const third = shelf.take(claimant("bob", "run 3"));
  equal(third.isCounted, true);
  await third.commit();
  equal(shelf.share.downloads, 0);
  third.leave();
  shelf.now += TIMES.counted - 1;
  equal(shelf.take(claimant("bob")).isCounted, true);
});

Deno.test("Claims.take() takes over from an older connection of the same run, of another when it stands still", async () => {
  using shelf = new Shelf(1);
  const old = shelf.take(claimant("bob", "run 1"));
  throws(() => shelf.take(claimant("bob", "run 2")), { code: "busy" });
  shelf.now += TIMES.still + 1;
  shelf.take(claimant("bob", "run 2")).leave();
  await rejects(old.commit(), { code: "superseded" });
  old.leave();
  const older = shelf.take(claimant("bob", "run 1"));
  const newer = shelf.take(claimant("bob", "run 1"));
  await rejects(older.commit(), { code: "superseded" });
  // What the old one does at its end is no business of the new one's.
  older.release();
  await newer.commit();
});

Deno.test("Claims.take() gives one connection two claims for two downloads at once", async () => {
  using shelf = new Shelf(2);
  const connection = {};
  const claims = [1, 2].map(() => shelf.take(claimant("bob", "run 1", connection)));
  for (const claim of claims) await claim.commit();
  equal(shelf.share.downloads, 0);
});

Deno.test("Claims outlive a restart: what counts is found, and what does not lapses after it", async () => {
  using shelf = new Shelf(2);
  await shelf.take(claimant("bob")).commit();
  shelf.take(claimant("eve"));
  // However long the server is away.
  shelf.now += 10 * TIMES.lapse;
  shelf.restart();
  equal(shelf.share.downloads, 1);
  throws(() => shelf.take(claimant("sam")), { code: "busy" });
  equal(shelf.take(claimant("bob", "run 2")).isCounted, true);
  equal(shelf.take(claimant("eve", "run 2")).isCounted, false);
  shelf.restart();
  shelf.now += TIMES.lapse;
  shelf.take(claimant("sam"));
});

Deno.test("Claim.commit() counts nothing where its owner has lifted the limit meanwhile", async () => {
  using shelf = new Shelf(1);
  const claim = shelf.take(claimant("bob"));
  shelf.records.shares.put({ ...SHARE, downloads: null });
  await claim.commit();
  equal(shelf.share.downloads, null);
});

Deno.test("Claim.commit() fails when what was shared is taken back", async () => {
  using shelf = new Shelf(1);
  const claim = shelf.take(claimant("bob"));
  shelf.records.shares.forget(SHARE);
  await rejects(claim.commit(), { code: "not_found" });
});

Deno.test("Claims.retire() lets who is fetching finish, and nobody come back for what counted", async () => {
  using shelf = new Shelf(4);
  const { claims } = shelf.records;
  const [bob, eve] = [shelf.take(claimant("bob")), shelf.take(claimant("eve"))];
  await bob.commit();
  await eve.commit();
  eve.leave();
  const sam = shelf.take(claimant("sam"));
  sam.leave();
  claims.retire(SHARE);
  const kim = shelf.take(claimant("kim"));
  await kim.commit();
  kim.done();
  shelf.records.shares.put({ ...SHARE, downloads: 0 });
  equal(claims.isWanted(SHARE, false), true);
  // Not by another connection of the same run, either.
  throws(() => shelf.take(claimant("bob")), { code: "not_found" });
  bob.leave();
  equal(claims.isWanted(SHARE, false), false);
  for (const owner of ["bob", "eve"]) {
    throws(() => shelf.take(claimant(owner)), { code: "not_found" });
  }
  // What does not count yet is counted under the terms that hold then.
  await rejects(shelf.take(claimant("sam")).commit(), { code: "not_found" });
});

Deno.test("Claims.isWanted() as long as a transfer or a counted claim needs what is over", async () => {
  using shelf = new Shelf(1);
  const { claims } = shelf.records;
  const heard: string[] = [];
  claims.onEnded = () => heard.push("ended");
  const claim = shelf.take(claimant("bob"));
  await claim.commit();
  deepEqual([claims.isWanted(SHARE, false), claims.isWanted(SHARE, true)], [true, true]);
  claim.leave();
  // When its time is over it is not waited for who may come back.
  deepEqual([claims.isWanted(SHARE, false), claims.isWanted(SHARE, true)], [true, false]);
  shelf.take(claimant("bob")).done();
  equal(claims.isWanted(SHARE, false), false);
  deepEqual(heard, ["ended", "ended"]);
});
