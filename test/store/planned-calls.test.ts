import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { linesOf } from "../../plugin/store/call-lines.ts";
import {
  callPlaced,
  callRefused,
  callTransitions,
  callUnsettled,
  cancelPlannedCall,
  claimPlannedCall,
  dueCalls,
  findCall,
  intendCall,
  markTold,
  noteCall,
  noteCallEnded,
  noteCallStarted,
  openCalls,
  pendingIntents,
  planCall,
  plannedCalls,
  searchCalls,
  untoldCalls,
} from "../../plugin/store/calls.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();

const wanted = {
  line: "a",
  carrier: "stepone",
  callee: "+8613800138000",
  purpose: "订位",
  askedIn: "agent:main",
};
const inMinutes = (minutes: number) => new Date(here.clock + minutes * 60_000);
const idsOf = (calls: readonly { readonly id: string }[]) => calls.map(({ id }) => id);

describe("a planned call", () => {
  test("is written down with all that is wanted, and is no call being placed", async () => {
    const { store } = here;
    const call = { ...wanted, greeting: "您好", context: "靠窗", dueAt: inMinutes(20) };
    const id = await planCall(store, call);
    expect(await plannedCalls(await here.another())).toEqual([
      {
        id,
        ...call,
        direction: "outbound",
        placedHere: true,
        isTold: false,
        state: "planned",
        createdAt: new Date(here.clock),
      },
    ]);
    expect(await pendingIntents(store, "a", new Date(0))).toEqual([]);
    expect(await openCalls(store, "a", new Date(0))).toEqual([]);
    expect(await untoldCalls(store, "a")).toEqual([]);
  });

  test("is due at its time, whichever its line, the one that waits longest first", async () => {
    const { store } = here;
    const late = await planCall(store, { ...wanted, dueAt: inMinutes(10) });
    const soon = await planCall(store, { ...wanted, callee: null, dueAt: inMinutes(5) });
    const otherLine = await planCall(store, { ...wanted, line: "b", dueAt: inMinutes(7) });
    expect(idsOf(await plannedCalls(store))).toEqual([soon, otherLine, late]);
    here.clock += 5 * 60_000 - 1;
    expect(await dueCalls(store)).toEqual([]);
    here.clock += 1;
    expect(await dueCalls(store)).toMatchObject([{ id: soon, callee: null }]);
    here.clock += 60 * 60_000;
    expect(idsOf(await dueCalls(store))).toEqual([soon, otherLine, late]);
  });

  test("is taken up once, and counts as asked for then", async () => {
    const { store } = here;
    const id = await planCall(store, { ...wanted, dueAt: inMinutes(5) });
    here.clock += 3_600_000;
    expect(await claimPlannedCall(store, id)).toBe(true);
    expect(await claimPlannedCall(await here.another(), id)).toBe(false);
    expect(await cancelPlannedCall(store, id)).toBe(false);
    expect(await dueCalls(store)).toEqual([]);
    expect(await plannedCalls(store)).toEqual([]);
    const justNow = new Date(here.clock);
    expect(await pendingIntents(store, "a", justNow), "an event may be about it").toMatchObject([
      { id, state: "intended" },
    ]);
    await callPlaced(store, id, { carrierCallId: "call-1" });
    expect(await openCalls(store, "a", justNow), "its end is waited for").toMatchObject([
      { id, state: "placed", dueAt: new Date(here.clock - 55 * 60_000), askedIn: "agent:main" },
    ]);
  });

  test("that is called off is never placed", async () => {
    const { store } = here;
    const id = await planCall(store, { ...wanted, dueAt: inMinutes(0) });
    expect(await cancelPlannedCall(store, id)).toBe(true);
    expect(await cancelPlannedCall(store, id)).toBe(false);
    expect(await claimPlannedCall(store, id)).toBe(false);
    await callPlaced(store, id, { carrierCallId: "call-1" });
    expect(await findCall(store, { line: "a", carrierCallId: "call-1" })).toBeUndefined();
    expect(await dueCalls(store)).toEqual([]);
    expect(await untoldCalls(store, "a")).toEqual([]);
    expect(await searchCalls(store, { limit: 1 })).toMatchObject([{ id, state: "canceled" }]);
  });

  test("has to be taken up before it is placed, refused or unsettled", async () => {
    const { store } = here;
    const id = await planCall(store, { ...wanted, dueAt: inMinutes(0) });
    await callPlaced(store, id, { carrierCallId: "call-1" });
    await callRefused(store, id, "no");
    await callUnsettled(store, id, "no");
    expect(await plannedCalls(store)).toMatchObject([{ id }]);
  });

  test("only planned ones are taken up or called off", async () => {
    const { store } = here;
    const id = await intendCall(store, wanted);
    expect(await claimPlannedCall(store, id)).toBe(false);
    expect(await cancelPlannedCall(store, id)).toBe(false);
    expect(await claimPlannedCall(store, "none")).toBe(false);
    expect(callTransitions.canceled).toEqual([]);
  });

  test("goes to one of many connections", async () => {
    const id = await planCall(here.store, { ...wanted, dueAt: inMinutes(0) });
    const stores = await Promise.all(Array.from({ length: 6 }, () => here.another()));
    const claims = await Promise.all(stores.map((store) => claimPlannedCall(store, id)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test("goes to one of several processes, and no line of any of them is lost", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 40; index += 1) {
      ids.push(await planCall(here.store, { ...wanted, dueAt: inMinutes(index) }));
    }
    const script = path.join(import.meta.dirname, "claim-calls.ts");
    const names = ["one", "two", "three"];
    const processes = names.map((name) => spawn(process.execPath, [script, here.stateFolder, name]));
    const outputs = processes.map(({ stdout, stderr }) => [text(stdout), text(stderr)] as const);
    const ends = processes.map((child) => once(child, "close"));
    // All are held back until each has read what is planned.
    await Promise.all(processes.map(({ stdout }) => once(stdout, "data")));
    for (const { stdin } of processes) stdin.end();
    await Promise.all(ends);
    const claimed: string[] = [];
    for (const [stdout, stderr] of outputs) {
      expect(await stderr).toBe("");
      const [, ...got] = (await stdout).trim().split("\n");
      claimed.push(...got);
    }
    expect(claimed.sort()).toEqual([...ids].sort());
    const lines = await linesOf(here.store, { line: "a", carrierCallId: "call-1" });
    expect(lines.map(({ position }) => position)).toEqual(
      Array.from({ length: 120 }, (_, index) => index + 1),
    );
    for (const name of names) {
      const own = lines.flatMap(({ words }) => (words.startsWith(`${name} `) ? [words] : []));
      expect(own, "in the order it wrote them").toEqual(ids.map((_, index) => `${name} ${index}`));
    }
  });
});

describe("what the owner's session is still to be told", () => {
  const address = { line: "a", carrierCallId: "call-1" };

  async function claimed(): Promise<string> {
    const id = await planCall(here.store, { ...wanted, dueAt: inMinutes(0) });
    await claimPlannedCall(here.store, id);
    return id;
  }

  test("are planned calls that could not be placed, and calls that ended; once each", async () => {
    const { store } = here;
    const refused = await claimed();
    await callRefused(store, refused, "no balance");
    here.clock += 1000;
    await noteCallEnded(store, address);
    here.clock += 1000;
    const unsettled = await claimed();
    await callUnsettled(store, unsettled, "timed out");
    const ended = (await findCall(store, address))?.id;
    const untold = await untoldCalls(store, "a");
    expect(untold).toMatchObject([
      { id: refused, state: "refused", detail: "no balance", askedIn: "agent:main" },
      { id: ended, state: "ended" },
      { id: unsettled, state: "unsettled", detail: "timed out" },
    ]);
    expect(await untoldCalls(store, "b")).toEqual([]);
    await markTold(store, refused, "refused");
    expect(idsOf(await untoldCalls(store, "a"))).toEqual([ended, unsettled]);
    for (const { id, state } of untold) await markTold(store, id, state);
    expect(await untoldCalls(await here.another(), "a")).toEqual([]);
    expect((await searchCalls(store, { limit: 3 })).every(({ isTold }) => isTold)).toBe(true);
  });

  test("are not those whose asker was told at once, or that are being placed", async () => {
    const { store } = here;
    await callRefused(store, await intendCall(store, wanted), "no");
    await callUnsettled(store, await intendCall(store, wanted), "no");
    await claimed();
    expect(await untoldCalls(store, "a")).toEqual([]);
  });

  test("is the end, too, of a call that was told as lost and turned out to be placed", async () => {
    const { store } = here;
    const id = await claimed();
    await callUnsettled(store, id, "timed out");
    await markTold(store, id, "unsettled");
    await callPlaced(store, id, { carrierCallId: "call-1" });
    await noteCallEnded(store, address);
    // The telling of the loss was still under way.
    await markTold(store, id, "unsettled");
    expect(await untoldCalls(store, "a")).toMatchObject([{ id, state: "ended" }]);
  });
});

describe("what a call cost, and who asked for it", () => {
  const address = { line: "a", carrierCallId: "call-1" };

  test("are kept with the call", async () => {
    const { store } = here;
    const id = await intendCall(store, wanted);
    await callPlaced(store, id, { carrierCallId: "call-1" });
    await noteCallStarted(store, address);
    await noteCallEnded(store, { ...address, cost: "0.3 (not billed)" });
    expect(await findCall(await here.another(), address)).toMatchObject({
      id,
      askedIn: "agent:main",
      cost: "0.3 (not billed)",
    });
  });

  test("are kept when the end was faster than the answer", async () => {
    const { store } = here;
    const id = await planCall(store, { ...wanted, dueAt: inMinutes(0) });
    await claimPlannedCall(store, id);
    await noteCallEnded(store, { ...address, cost: "0.3" });
    await callPlaced(store, id, { carrierCallId: "call-1" });
    expect(await findCall(store, address)).toMatchObject({
      id,
      state: "ended",
      cost: "0.3",
      askedIn: "agent:main",
      dueAt: inMinutes(0),
    });
  });

  test("are missing where nobody said them", async () => {
    await noteCall(here.store, address);
    const call = await findCall(here.store, address);
    expect(call).not.toHaveProperty("cost");
    expect(call).not.toHaveProperty("askedIn");
    expect(call).not.toHaveProperty("dueAt");
  });
});
