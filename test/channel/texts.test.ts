/** What becomes of a sender's texts when everything around them fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { Texts } from "../../plugin/channel/texts.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";

let stateFolder: string;
let store: Store;

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-texts-"));
  store = await openStore(stateFolder);
});

afterEach(async () => {
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

test("an owner who cannot be told does not stop the sender's next text", async () => {
  const answered: string[] = [];
  const errors: string[] = [];
  const texts = new Texts({
    line: "home",
    store,
    rest: new ClawdTalkRest({ apiUrl: "http://127.0.0.1:9", apiKey: "cc_live_unused" }),
    answer: async ({ body }) => {
      if (body === "first") throw new Error("no agent");
      answered.push(body);
      return "answered";
    },
    tellOwner: async () => {
      throw new Error("no session");
    },
    log: { debug() {}, info() {}, warn() {}, error: (message) => void errors.push(message) },
    retryAfterMs: [],
  });
  await texts.receive({ messageId: "m1", from: "+15550001111", body: "first" });
  await texts.receive({ messageId: "m2", from: "+15550001111", body: "second" });
  await vi.waitFor(() => expect(answered).toEqual(["second"]));
  expect(errors).toEqual([expect.stringMatching(/^The owner could not be told of a text: no session\./)]);
  await texts.stop();
});
