import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import {
  appendMemory,
  type MemoryValue,
  memoryAt,
  memoryOf,
  saveMemory,
} from "../../plugin/store/mission-memory.ts";
import {
  findRequest,
  intendRequest,
  requestRefused,
  requestsOf,
  settleRequest,
} from "../../plugin/store/mission-requests.ts";
import {
  addMission,
  closeMission,
  findMission,
  findMissionOfCarrier,
  type Mission,
  noteRunStatus,
  removeMission,
} from "../../plugin/store/missions.ts";
import { forgetPerson } from "../../plugin/store/people.ts";
import { pruneStore } from "../../plugin/store/retention.ts";
import {
  eventCanceled,
  eventRefused,
  eventScheduled,
  eventsOf,
  eventsToCome,
  intendEvent,
  noteEvent,
} from "../../plugin/store/scheduled-events.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();
const number = requirePhoneNumber("+12125551234");

async function mission(slug = "one"): Promise<Mission> {
  const added = await addMission(here.store, {
    slug,
    name: slug,
    carrierMissionId: `mis_${slug}`,
    runId: "r",
  });
  if (added === undefined) throw new Error(`${slug} is taken.`);
  return added;
}

describe("missions", () => {
  test("one at a time has a slug; what is over keeps it without taking it", async () => {
    const first = await mission();
    expect(await addMission(here.store, { slug: "one", name: "Other" })).toBeUndefined();
    await closeMission(here.store, first.id, "succeeded");
    here.clock += 1_000;
    const second = await mission();
    expect(await findMission(here.store, "one")).toMatchObject({ id: second.id });
    await removeMission(here.store, second.id);
    expect(await findMission(here.store, "one")).toMatchObject({
      id: first.id,
      runStatus: "succeeded",
      closedAt: new Date(here.clock - 1_000),
    });
  });

  test("a run's status is that run's", async () => {
    const one = await mission();
    await noteRunStatus(here.store, { carrierMissionId: "mis_one", runId: "another" }, "failed");
    expect(await findMission(here.store, "one")).not.toHaveProperty("runStatus");
    await noteRunStatus(here.store, { carrierMissionId: "mis_one", runId: "r" }, "running");
    expect(await findMissionOfCarrier(here.store, "mis_one")).toMatchObject({
      id: one.id,
      runStatus: "running",
    });
  });
});

describe("memory", () => {
  test("is what was saved and appended, whatever it is", async () => {
    const { id } = await mission();
    const value = fc.jsonValue() as fc.Arbitrary<MemoryValue>;
    const write = fc.record({ key: fc.string({ maxLength: 2 }), value, isItem: fc.boolean() });
    await fc.assert(
      fc
        .asyncProperty(fc.array(write, { maxLength: 8 }), async (writes) => {
          const expected = new Map<string, MemoryValue>();
          for (const { key, value, isItem } of writes) {
            // As JSON keeps it.
            const kept: MemoryValue = JSON.parse(JSON.stringify(value));
            if (!isItem) {
              await saveMemory(here.store, { mission: id, key }, value);
              expected.set(key, kept);
              continue;
            }
            const before = expected.get(key);
            const list = before === undefined ? [] : Array.isArray(before) ? before : [before];
            expected.set(key, [...list, kept]);
            const items = await appendMemory(here.store, { mission: id, key }, value);
            expect(items).toBe(list.length + 1);
          }
          expect(await memoryOf(here.store, id)).toEqual(Object.fromEntries(expected));
        })
        .beforeEach(async () => {
          await here.store.db.deleteFrom("mission_memory").execute();
        }),
      { numRuns: 60 },
    );
  });

  test("of each mission is its own, and goes with it", async () => {
    const [one, two] = [await mission("one"), await mission("two")];
    await saveMemory(here.store, { mission: one.id, key: "k" }, 1);
    await saveMemory(here.store, { mission: two.id, key: "k" }, null);
    expect(await memoryAt(here.store, { mission: two.id, key: "k" })).toBeNull();
    expect(await memoryAt(here.store, { mission: two.id, key: "__proto__" })).toBeUndefined();
    await removeMission(here.store, one.id);
    expect(await memoryOf(here.store, one.id)).toEqual({});
    expect(await memoryOf(here.store, two.id)).toEqual({ k: null });
    await expect(saveMemory(here.store, { mission: one.id, key: "k" }, 1)).rejects.toThrow();
    expect(await memoryOf(here.store, one.id), "all or nothing").toEqual({});
  });

  test("many at once: none is lost", async () => {
    const { id } = await mission();
    const other = await here.another();
    const place = { mission: id, key: "list" };
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const counts = await Promise.all(
      numbers.map((each) => appendMemory(each % 2 === 0 ? here.store : other, place, each)),
    );
    expect(counts.toSorted((one, two) => one - two)).toEqual(numbers.map((each) => each + 1));
    expect(await memoryAt(here.store, place)).toHaveLength(40);
  });
});

describe("requests", () => {
  test("go from intended to done, once, with what they made", async () => {
    const { id } = await mission();
    const name = { mission: id, what: "create-assistant" };
    const intended = await intendRequest(here.store, { ...name, body: { name: "二" } });
    expect(intended).toMatchObject({ state: "intended", body: { name: "二" } });
    const done = { mission: id, carrierId: "ast_1", parts: { assistantId: "ast_1" } };
    expect(await settleRequest(here.store, intended.id, done)).toBe(true);
    expect(await findMission(here.store, "one")).toMatchObject({ assistantId: "ast_1" });
    const late = { mission: id, carrierId: "ast_2", parts: { assistantId: "ast_2" } };
    expect(await settleRequest(here.store, intended.id, late)).toBe(false);
    await requestRefused(here.store, intended.id, "late");
    expect(await intendRequest(here.store, { ...name, body: {} })).toMatchObject({
      state: "done",
      carrierId: "ast_1",
    });
    expect(await findMission(here.store, "one")).toMatchObject({ assistantId: "ast_1" });
  });

  test("refused ones are tried again; those of one kind are told apart by their subject, in order", async () => {
    const { id } = await mission();
    const name = { mission: id, what: "log-event", subject: "1" };
    const first = await intendRequest(here.store, { ...name, body: 1 });
    await requestRefused(here.store, first.id, "429");
    expect(await findRequest(here.store, name)).toMatchObject({ state: "refused", detail: "429" });
    expect(await settleRequest(here.store, first.id, { mission: id })).toBe(false);
    await intendRequest(here.store, { mission: id, what: "log-event", subject: "2", body: 2 });
    expect(await intendRequest(here.store, { ...name, body: 3 })).toMatchObject({ id: first.id, body: 3 });
    expect((await requestsOf(here.store, id)).map(({ subject, state }) => [subject, state])).toEqual([
      ["1", "intended"],
      ["2", "intended"],
    ]);
  });
});

describe("what is carried out together", () => {
  const added = (slug: string) =>
    here.store.db.insertInto("mission_imports").values({ file: slug, imported_at: "" }).compile();
  const count = async () => (await here.store.db.selectFrom("mission_imports").selectAll().execute()).length;

  test("is all or nothing, also when a statement fails in the middle", async () => {
    await expect(here.store.together({ all: [added("a"), added("a")] })).rejects.toThrow(/UNIQUE/);
    expect(await count()).toBe(0);
    expect(await here.store.together({ all: [added("a"), added("b")] })).toEqual([[], []]);
    expect(await count()).toBe(2);
  });

  test("is nothing when what it depends on changes nothing", async () => {
    const onlyIf = here.store.db.deleteFrom("mission_imports").where("file", "=", "a").compile();
    expect(await here.store.together({ onlyIf, all: [added("b")] })).toBeUndefined();
    expect(await count()).toBe(0);
    await here.store.together({ all: [added("a")] });
    expect(await here.store.together({ onlyIf, all: [added("b")] })).toEqual([[]]);
    expect(await count()).toBe(1);
  });
});

describe("scheduled events", () => {
  const schedule = (given: object = {}) =>
    intendEvent(here.store, {
      line: "a",
      channel: "call",
      assistantId: "ast_1",
      to: number,
      from: "+15559990000",
      scheduledAt: new Date(here.clock + 60_000),
      ...given,
    });

  test("stand as the carrier says", async () => {
    const { id } = await mission();
    const [one, two] = [await schedule({ mission: id }), await schedule({ mission: id, body: "喂" })];
    await eventScheduled(here.store, one, "evt_1", { status: "pending" });
    await eventRefused(here.store, two, "429");
    await eventCanceled(here.store, "evt_2");
    await noteEvent(here.store, "evt_1", {
      status: "completed",
      callStatus: "completed",
      conversationId: "conv_1",
      retryCount: 1,
      durationSeconds: 31,
    });
    await noteEvent(here.store, "evt_1", { status: "completed" });
    expect(await eventsOf(here.store, id)).toMatchObject([
      {
        state: "scheduled",
        carrierEventId: "evt_1",
        status: "completed",
        callStatus: "completed",
        conversationId: "conv_1",
        retryCount: 1,
        durationSeconds: 31,
      },
      { state: "refused", body: "喂" },
    ]);
  });

  test("of a person who is forgotten: what is over goes, what is to come is named and stays", async () => {
    const { id } = await mission();
    const over = await schedule({ mission: id, body: "secret" });
    await eventScheduled(here.store, over, "evt_1", { status: "completed" });
    await eventScheduled(here.store, await schedule({ mission: id }), "evt_2");
    await appendMemory(here.store, { mission: id, key: "list" }, { phone: number });
    await appendMemory(here.store, { mission: id, key: "list" }, "other");
    expect(await forgetPerson(here.store, number)).toMatchObject({ scheduledEvents: 1 });
    expect(await eventsOf(here.store, id)).toMatchObject([
      { to: "" },
      { to: number, carrierEventId: "evt_2" },
    ]);
    expect(JSON.stringify(await eventsOf(here.store, id))).not.toContain("secret");
    expect(await memoryAt(here.store, { mission: id, key: "list" })).toEqual([null, "other"]);
    expect(await appendMemory(here.store, { mission: id, key: "list" }, "more")).toBe(3);
    await eventCanceled(here.store, "evt_2");
    expect(await forgetPerson(here.store, number)).toMatchObject({ scheduledEvents: 0 });
    expect(await eventsToCome(here.store, number)).toEqual([]);
  });

  test("are kept as long as the rest, and so are missions that are over", async () => {
    const [one, two] = [await mission("one"), await mission("two")];
    await eventScheduled(here.store, await schedule({ mission: one.id }), "evt_1");
    await closeMission(here.store, one.id, "succeeded");
    await mission("ended at the service");
    const ended = { carrierMissionId: "mis_ended at the service", runId: "r" };
    await noteRunStatus(here.store, ended, "cancelled");
    here.clock += 29 * 24 * 3_600_000;
    await pruneStore(here.store, { retentionDays: 30 });
    expect(await findMission(here.store, "one")).toBeDefined();
    expect(await findMission(here.store, "ended at the service")).toBeDefined();
    here.clock += 2 * 24 * 3_600_000;
    await pruneStore(here.store, { retentionDays: 30 });
    expect(await findMission(here.store, "one")).toBeUndefined();
    expect(await findMission(here.store, "ended at the service")).toBeUndefined();
    expect(await findMission(here.store, "two")).toMatchObject({ id: two.id });
    expect(await here.store.db.selectFrom("scheduled_events").selectAll().execute()).toEqual([]);
  });
});
