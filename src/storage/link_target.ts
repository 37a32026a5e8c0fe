/**
 * Where symbolic links lead: followed step by step below a root, as the system would, without
 * trusting it to stop there.
 *
 * @module
 */
import { NAME_BYTES, nameFault } from "../name.ts";
import { lookAt } from "./confine.ts";

/** Links on the way to one file; systems give up after 32 to 63. */
const MOST_HOPS = 32;
/** Names looked at on the way: a stranger's links must not take long. */
const MOST_STEPS = 512;

/** Why a link of that text cannot be kept wherever it is, or undefined when it can. */
export function targetFault(target: string): string | undefined {
  if (target === "") return "it leads nowhere";
  if (target.startsWith("/") || /^[A-Za-z]:/.test(target)) return "it leads to an absolute path";
  if (target.length > NAME_BYTES) return `its target is longer than ${NAME_BYTES} bytes`;
  for (const part of target.split("/")) {
    if (part === "" || part === "." || part === "..") continue;
    const fault = nameFault(part);
    if (fault !== undefined) return `of its target '${part.slice(0, 300)}': ${fault}`;
  }
  return undefined;
}

/** The text of the link at `path`, with slashes on every system. */
export function readTarget(path: string): string {
  const target = Deno.readLinkSync(path);
  return Deno.build.os === "windows" ? target.replaceAll("\\", "/") : target;
}

/**
 * Why a link with that target, in that folder, does not stay inside the root, or undefined when it
 * does. What is missing stays inside, for nothing but what stays inside is ever made there; but
 * what lies above something missing is not known.
 *
 * @param root a path without links.
 * @param folder the parts of a real folder below it.
 */
export function leadsOut(
  root: string,
  folder: readonly string[],
  target: string,
): string | undefined {
  const at = [...folder];
  const next = target.split("/").reverse();
  let isMissing = false;
  let hops = 0;
  let steps = 0;
  for (let part = next.pop(); part !== undefined; part = next.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (isMissing) return "it leads above something that is not there";
      if (at.pop() === undefined) return "it leads out of the folder";
    } else if (!isMissing) {
      if (++steps > MOST_STEPS) return "its way is too long";
      const path = [root, ...at, part].join("/");
      const info = lookAt(path);
      if (info?.isSymlink) {
        if (++hops > MOST_HOPS) return "it leads in a circle";
        const onward = readTarget(path);
        if (targetFault(onward.normalize("NFC")) !== undefined) {
          return "it leads to a link that cannot be kept";
        }
        next.push(...onward.split("/").reverse());
      } else if (info?.isDirectory) at.push(part);
      else isMissing = true;
    }
  }
  return undefined;
}
