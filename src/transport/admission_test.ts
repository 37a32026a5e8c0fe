import assert from "node:assert/strict";
import { Admission, groupOf } from "./admission.ts";

Deno.test("groupOf() takes an IPv4 address as it is and of IPv6 the network", () => {
  const cases: [string, string][] = [
    ["192.168.1.5", "192.168.1.5"],
    ["::1", "0:0:0:0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2"],
    ["2001:db8::9", "2001:db8:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["::", "0:0:0:0"],
  ];
  for (const [address, group] of cases) assert.equal(groupOf(address), group, address);
});

Deno.test("Admission.enter() has the stranger go who came first, of the address that is full", () => {
  const admission = new Admission({ connections: 10, connectionsPerAddress: 2 });
  const gone: string[] = [];
  const enter = (name: string, address: string) => admission.enter(address, () => gone.push(name));
  enter("a", "10.0.0.1");
  enter("b", "10.0.0.2");
  const kept = enter("c", "10.0.0.2");
  assert.equal(kept.keep(), true);
  assert.equal(enter("d", "10.0.0.2").keep(), true);
  assert.deepEqual(gone, ["b"]);
  enter("e", "10.0.0.1");
  assert.deepEqual(gone, ["b"]);
});

Deno.test("Admission keeps nobody more when all places are kept, and does once one is left", () => {
  const admission = new Admission({ connections: 2, connectionsPerAddress: 2 });
  const never = () => assert.fail("who was let in is sent away");
  const [first, second] = [admission.enter("a", never), admission.enter("b", never)];
  assert.deepEqual([first.keep(), second.keep()], [true, true]);
  const third = admission.enter("c", never);
  assert.equal(third.keep(), false);
  first.leave();
  first.leave();
  // Also for who came before that.
  assert.equal(third.keep(), true);
  assert.equal(admission.enter("c", never).keep(), false);
  // One place was left, not two: the stranger in it goes.
  let evicted = false;
  const other = new Admission({ connections: 1, connectionsPerAddress: 1 });
  const gone = other.enter("a", () => evicted = true);
  assert.equal(other.enter("b", never).keep(), true);
  assert.equal(evicted, true);
  assert.equal(gone.keep(), false);
});

Deno.test("Admission has few strangers while all places are kept, of which the first goes", () => {
  const admission = new Admission({ connections: 5, connectionsPerAddress: 1 });
  assert.equal(admission.enter("a", () => {}).keep(), true);
  const here = new Set<number>();
  for (let at = 0; at < 1_000; at++) {
    here.add(at);
    admission.enter("a", () => here.delete(at));
  }
  assert.deepEqual([...here], Array.from({ length: 32 }, (_, at) => 968 + at));
  // They have nobody else's places.
  for (const name of ["b", "c", "d", "e"]) {
    assert.equal(admission.enter(name, () => {}).keep(), true);
  }
  assert.equal(here.size, 32);
});

Deno.test("Admission keeps nothing of who was sent away or has left", () => {
  const admission = new Admission({ connections: 3, connectionsPerAddress: 3 });
  for (let at = 0; at < 100; at++) admission.enter("a", () => {});
  const kept = [1, 2, 3].map(() => admission.enter("a", () => {}));
  for (const place of kept) assert.equal(place.keep(), true);
  let evicted = 0;
  const over = Array.from({ length: 32 }, () => admission.enter("a", () => evicted++));
  for (const place of over) place.leave();
  for (let at = 0; at < 32; at++) admission.enter("a", () => evicted++);
  assert.equal(evicted, 0);
  for (const place of kept) place.leave();
  assert.equal(admission.enter("a", () => {}).keep(), true);
});
