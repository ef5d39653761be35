/**
 * A process of its own for the store's tests: waits until its standard input ends, then takes up each planned call it
 * can, notes a line on the call "call-1" after each try, and prints the ids of those it got.
 */
import { once } from "node:events";
import { noteLine } from "../../plugin/store/call-lines.ts";
import { claimPlannedCall, plannedCalls } from "../../plugin/store/calls.ts";
import { closeStore, openStore } from "../../plugin/store/database.ts";

const [stateFolder = "", name = ""] = process.argv.slice(2);
const store = await openStore(stateFolder);
const planned = await plannedCalls(store);
process.stdout.write("ready\n");
process.stdin.resume();
await once(process.stdin, "end");
for (const [index, { id }] of planned.entries()) {
  if (await claimPlannedCall(store, id)) process.stdout.write(`${id}\n`);
  await noteLine(store, { line: "a", carrierCallId: "call-1", speaker: "other", words: `${name} ${index}` });
}
await closeStore(store);
