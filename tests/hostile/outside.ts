/**
 * A place that no name, link or number may ever lead to, and whether it still is as it was.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeFile } from "../files.ts";

/** What is said in every file there. */
export const SECRET = "nobody's business, and of a length of its own";

/** A folder with files in it that has nothing to do with ft. */
export class Outside implements Disposable {
  readonly path: string;
  readonly #before: readonly string[];

  /** Makes the folder, which must not be there yet, and more folders in it. */
  constructor(path: string, folders: readonly string[] = []) {
    this.path = path;
    for (const name of folders) Deno.mkdirSync(`${path}/${name}`, { recursive: true });
    for (const name of ["secret.txt", "folder/secret.txt", "a/b/secret.txt"]) {
      writeFile(`${path}/${name}`, SECRET);
    }
    this.#before = this.#look();
  }

  /** The path of something in it. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  #look(): string[] {
    const found: string[] = [];
    const look = (folder: string) => {
      for (const { name, isFile } of Deno.readDirSync(folder)) {
        const path = `${folder}/${name}`;
        const { mtime, mode, nlink } = Deno.lstatSync(path);
        found.push(`${path} ${mode} ${mtime?.getTime()}`);
        if (isFile) found.push(`${path} ${nlink} ${Deno.readTextFileSync(path)}`);
        else look(path);
      }
    };
    look(this.path);
    return found.sort();
  }

  /** Nothing has come, gone, grown, or got another link or time. */
  assertUntouched(): void {
    assert.deepEqual(this.#look(), this.#before);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
