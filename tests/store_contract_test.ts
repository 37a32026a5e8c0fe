import type { Room } from "../src/storage/store.ts";
import { FolderStore } from "../src/storage/folder_store.ts";
import { Records } from "../src/storage/records.ts";
import { temporaryFolder } from "./fixtures/staged.ts";
import { MemoryStore } from "./memory_store.ts";
import { storeContract, type StoreUnderTest } from "./store_contract.ts";

function makeFolderStore(isOwned: boolean): StoreUnderTest {
  const folder = temporaryFolder();
  const { path } = folder;
  const rooms: Record<Room, string> = {
    private: `${path}/private`,
    public: `${path}/public`,
    shared: `${path}/shared`,
  };
  for (const room of Object.values(rooms)) Deno.mkdirSync(room);
  Deno.mkdirSync(`${rooms.public}/folder`);
  Deno.writeTextFileSync(`${rooms.public}/folder/.ft`, "reserved");
  Deno.symlinkSync(`${path}/private`, `${rooms.public}/link`);
  Deno.symlinkSync("/nowhere", `${rooms.public}/dangling`);
  const records = isOwned ? Records.open(`${path}/records.db`, () => {}) : undefined;
  const staging = `${path}/staging`;
  return {
    store: new FolderStore({ rooms, staging, ...(records === undefined ? {} : { records }) }),
    isOwned,
    put(room, name, bytes) {
      Deno.writeFileSync(`${path}/by hand`, bytes);
      Deno.renameSync(`${path}/by hand`, `${rooms[room]}/${name}`);
    },
    oddities: ["missing", "folder", "link", "dangling", "link/x", "folder/x", "x".repeat(255)],
    staged() {
      try {
        return [...Deno.readDirSync(staging)].length;
      } catch {
        return 0;
      }
    },
    [Symbol.dispose]() {
      records?.close();
      folder[Symbol.dispose]();
    },
  };
}

storeContract("FolderStore with records", () => makeFolderStore(true));
storeContract("FolderStore without records", () => makeFolderStore(false));
storeContract("MemoryStore", () => {
  const store = new MemoryStore();
  return {
    store,
    isOwned: true,
    put: (room, name, bytes) => store.put(room, name, bytes),
    oddities: ["missing"],
    staged: () => store.staged,
    [Symbol.dispose]: () => {},
  };
});
