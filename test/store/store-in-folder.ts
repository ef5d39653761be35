/** A store on a real file in a folder of its own, with a clock the test sets; made anew for each test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

export interface StoreInFolder {
  readonly stateFolder: string;
  readonly store: Store;
  /** The time for every connection, in milliseconds. */
  clock: number;
  /** A further connection to the same file; closed with the test. */
  another(): Promise<Store>;
}

export function storeInFolder(): StoreInFolder {
  let stateFolder = "";
  let stores: Store[] = [];
  const here = {
    clock: 0,
    get stateFolder() {
      return stateFolder;
    },
    get store() {
      const [first] = stores;
      if (first === undefined) throw new Error("The store is open during a test only.");
      return first;
    },
    async another() {
      const store = await openStore(stateFolder, { now: () => new Date(here.clock) });
      stores.push(store);
      return store;
    },
  };
  beforeEach(async () => {
    stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-store-"));
    here.clock = Date.UTC(2026, 0, 1, 12);
    await here.another();
  });
  afterEach(async () => {
    await Promise.all(stores.map(closeStore));
    stores = [];
    rmSync(stateFolder, { recursive: true });
  });
  return here;
}
