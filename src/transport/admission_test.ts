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
  kept?.keep();
  assert.ok(enter("d", "10.0.0.2"));
  assert.deepEqual(gone, ["b"]);
  assert.ok(enter("e", "10.0.0.1"));
  assert.deepEqual(gone, ["b"]);
});

Deno.test("Admission.enter() refuses when all places are kept, and not once one is left", () => {
  const admission = new Admission({ connections: 2, connectionsPerAddress: 2 });
  const never = () => assert.fail("who was let in is sent away");
  const [first, second] = [admission.enter("a", never), admission.enter("b", never)];
  first?.keep();
  second?.keep();
  assert.equal(admission.enter("c", never), undefined);
  first?.leave();
  first?.leave();
  assert.ok(admission.enter("c", () => {}));
  // One place was left, not two: the stranger in it goes.
  let evicted = false;
  const other = new Admission({ connections: 1, connectionsPerAddress: 1 });
  other.enter("a", () => evicted = true);
  assert.ok(other.enter("b", never));
  assert.equal(evicted, true);
});

Deno.test("Admission.enter() keeps nothing of who was sent away", () => {
  const admission = new Admission({ connections: 3, connectionsPerAddress: 3 });
  for (let at = 0; at < 100; at++) assert.ok(admission.enter("a", () => {}));
  const kept = [1, 2, 3].map(() => admission.enter("a", () => {}));
  for (const place of kept) place?.keep();
  assert.equal(admission.enter("a", () => {}), undefined);
  for (const place of kept) place?.leave();
  assert.ok(admission.enter("a", () => {}));
});
