/** Beginning a mission and giving it its agent, while the service fails in every way it can, at every request. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ClawdTalkMissions } from "../../plugin/carriers/clawdtalk/missions-rest.ts";
import { initMission } from "../../plugin/missions/init-mission.ts";
import { openMissionOf } from "../../plugin/missions/known-mission.ts";
import { setUpAgent } from "../../plugin/missions/setup-agent.ts";
import type { RestFault } from "../../plugin/practice/clawdtalk-faults.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { requestsOf } from "../../plugin/store/mission-requests.ts";
import { addMission, importMissions } from "../../plugin/store/missions.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

const here = storeInFolder();
let service: ClawdTalkPractice;
let rest: ClawdTalkMissions;
let said: string[];

beforeEach(async () => {
  here.clock = Date.now();
  said = [];
  service = await startClawdTalkPractice({ dedicatedNumber: "+15559990000" });
  service.missions.numbers.add("+15559990001");
  rest = client();
});
afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
});

/** @param given.timeoutMs where an answer is not to be waited for. */
function client(given: { readonly timeoutMs?: number } = {}): ClawdTalkMissions {
  return new ClawdTalkMissions({
    apiUrl: service.apiUrl,
    apiKey: service.key,
    secrets: [service.key, SECRET],
    retry: { times: 0, firstDelayMs: 1 },
    ...given,
  });
}

/** Another line's. */
const SECRET = "pk-7d1f0c9a2b8e4635";

const HASTY = { timeoutMs: 150 };

const wish = {
  name: "找会议室",
  instructions: "Ask for a room",
  request: "A room for ten",
  steps: [{ step_id: "calls", description: "Call", sequence: 1 }],
  line: "clawdtalk",
};
const agent = { name: "Caller", instructions: "Be nice", greeting: "您好" };

const using = (settle?: string) => ({
  store: here.store,
  rest,
  say: (line: string) => said.push(line),
  settle,
});
const init = (settle?: string) => initMission(wish, using(settle));
const setUp = async (settle?: string) =>
  await setUpAgent(await openMissionOf(here.store, "找会议室"), agent, using(settle));

/** What the service has of it, each exactly once. */
function expectEachOnce(): void {
  const { missions } = service;
  expect(missions.all).toMatchObject([{ name: wish.name }]);
  expect(missions.runs.map(({ run, plan, agents }) => [run.status, plan.length, agents.length])).toEqual([
    ["running", 1, 1],
  ]);
  expect(missions.assistants.all).toHaveLength(1);
  const assigned = missions.numbers.all.filter(({ connection_id }) => connection_id !== null);
  expect(assigned).toHaveLength(1);
}

const acts: [what: string, Pick<RestFault, "method" | "path">][] = [
  ["the mission", { method: "POST", path: "/v1/missions" }],
  ["the run", { method: "POST", path: /\/runs$/ }],
  ["the plan", { method: "POST", path: /\/plan$/ }],
  ["running", { method: "PATCH", path: /\/runs\/[^/]+$/ }],
  ["the assistant", { method: "POST", path: "/v1/assistants" }],
  ["the link", { method: "POST", path: /\/agents$/ }],
  ["the number", { method: "PATCH", path: /account-phones/ }],
];
const faults: [how: string, Pick<RestFault, "kind" | "status">][] = [
  ["429", { kind: "status", status: 429 }],
  ["400", { kind: "status", status: 400 }],
  ["500 and nothing done", { kind: "status", status: 500 }],
  ["500 and done", { kind: "status_after_processing", status: 500 }],
  ["an answer that is lost", { kind: "drop_after_processing" }],
  ["no answer and nothing done", { kind: "timeout" }],
  ["no answer and done", { kind: "timeout_after_processing" }],
];

test("with a key in it: it is kept and sent without, and found again when the answer was lost", async () => {
  const leak = `Say ${SECRET}`;
  const begin = () => initMission({ ...wish, name: "Keys", instructions: leak }, using());
  service.faults.rest = [{ method: "POST", path: "/v1/missions", kind: "drop_after_processing", times: 1 }];
  await expect(begin()).rejects.toThrow(/^ClawdTalk /);
  const { slug } = await begin();
  expect(service.missions.all).toMatchObject([{ instructions: "Say [redacted]" }]);

  const giveAgent = async () =>
    await setUpAgent(await openMissionOf(here.store, slug), { ...agent, greeting: leak }, using());
  service.faults.rest = [{ method: "POST", path: "/v1/assistants", kind: "drop_after_processing", times: 1 }];
  await expect(giveAgent()).rejects.toThrow(/^ClawdTalk /);
  await giveAgent();
  expect(service.missions.assistants.all).toMatchObject([{ greeting: "Say [redacted]" }]);
  const mission = await openMissionOf(here.store, slug);
  expect(JSON.stringify(await requestsOf(here.store, mission.id))).not.toContain(SECRET);
});

describe.each(acts)("while making %s", (_what, request) => {
  test.each(faults)("%s: an error, and run again everything is there once", async (_how, fault) => {
    service.faults.rest = [{ ...request, ...fault, times: 1 }];
    const both = async () => {
      await init();
      await setUp();
    };
    if (fault.kind.startsWith("timeout")) rest = client(HASTY);
    await expect(both()).rejects.toThrow(/^ClawdTalk /);
    rest = client();
    await both();
    expectEachOnce();
    const sent = service.rest.length;
    await both();
    expect(service.rest).toHaveLength(sent);
    const mission = await openMissionOf(here.store, "找会议室");
    expect((await requestsOf(here.store, mission.id)).map(({ what, state }) => [what, state])).toEqual([
      ["create-mission", "done"],
      ["create-run", "done"],
      ["create-plan", "done"],
      ["start-run", "done"],
      ["create-assistant", "done"],
      ["link-agent", "done"],
      ["assign-phone", "done"],
    ]);
  });
});

test("a service that does what it is asked and hardly ever says so", async () => {
  for (let round = 0; round < 20; round += 1) {
    service.faults.rest = [{ path: /./, kind: "drop_after_processing", times: 1, after: round % 3 }];
    await init()
      .then(() => setUp())
      .catch(() => {});
  }
  service.behave();
  await init();
  await setUp();
  expectEachOnce();
});

describe("what may be an earlier try's", () => {
  const lost = async () => {
    service.faults.rest = [{ path: "/v1/missions", method: "POST", kind: "timeout", times: 1 }];
    rest = client(HASTY);
    await expect(init()).rejects.toThrow("did not answer");
    rest = client();
  };
  /** The same mission, made by somebody else at that time. */
  const elsewhere = (createdAt: number) => {
    const made = service.missions.create({ name: wish.name, instructions: wish.instructions });
    Object.assign(made, { created_at: new Date(createdAt).toISOString() });
    return made;
  };

  test("is not what is older", async () => {
    elsewhere(here.clock - 3_600_000);
    await lost();
    await init();
    expect(service.missions.all).toHaveLength(2);
  });

  test("is not what belongs to another mission known here", async () => {
    const other = elsewhere(here.clock);
    await addMission(here.store, { slug: "other", name: "Other", carrierMissionId: other.id });
    await lost();
    await init();
    expect(service.missions.all).toHaveLength(2);
  });

  test("is not settled when there are two: said, nothing sent, and the person settles it", async () => {
    const one = elsewhere(here.clock);
    const two = elsewhere(here.clock);
    await lost();
    const sent = service.rest.filter(({ method }) => method === "POST").length;
    await expect(init()).rejects.toThrow(
      `there are 2 that look like it: ${two.id}, ${one.id}. Look which one it is and run this again with --settle ID`,
    );
    expect(service.rest.filter(({ method }) => method === "POST")).toHaveLength(sent);
    expect(await init(one.id)).toMatchObject({ missionId: one.id });
    expect(service.missions.all).toHaveLength(2);
  });

  test("is not what the person says when it is not there; one that is there may have another name", async () => {
    elsewhere(here.clock);
    elsewhere(here.clock);
    const renamed = service.missions.create({ name: "Renamed", instructions: "" });
    await lost();
    for (const mistyped of ["mission_99", "..", ""]) {
      await expect(init(mistyped)).rejects.toThrow(
        `The service has nothing with the id "${mistyped}". An earlier try to create this mission`,
      );
    }
    expect(await openMissionOf(here.store, "找会议室")).not.toHaveProperty("carrierMissionId");
    expect(await init(renamed.id)).toMatchObject({ missionId: renamed.id });
  });

  test("is an assistant only if there is one", async () => {
    await init();
    const made = { ...agent, model: "m", tools: [], enabled_features: [] };
    service.faults.rest = [{ method: "POST", path: "/v1/assistants", kind: "timeout", times: 1 }];
    rest = client(HASTY);
    await expect(setUp()).rejects.toThrow("did not answer");
    rest = client();
    const [one] = [service.missions.assistants.create(made), service.missions.assistants.create(made)];
    await expect(setUp("assistant_99")).rejects.toThrow('nothing with the id "assistant_99"');
    expect(await setUp(one?.id)).toMatchObject({ assistantId: one?.id });
  });

  test("is sent again when the person says so", async () => {
    elsewhere(here.clock);
    elsewhere(here.clock);
    await lost();
    const { missionId } = await init("again");
    expect(service.missions.all.map(({ id }) => id).at(-1)).toBe(missionId);
    expect(service.missions.all).toHaveLength(3);
  });

  test("is not certainly absent where the service lists a part alone", async () => {
    await lost();
    for (let number = 0; number < 100; number += 1) {
      service.missions.create({ name: `Mission ${number}`, instructions: "" });
    }
    await expect(init()).rejects.toThrow("there are more of them than the service lists");
  });
});

test("an imported mission that stopped half-way goes on, and what was done is not done again", async () => {
  const { missions } = service;
  const mission = missions.create({ name: wish.name, instructions: wish.instructions });
  const { run_id: runId } = missions.start(mission.id, { original_request: wish.request });
  await importMissions(here.store, "/a/file", [
    { slug: "找会议室", name: wish.name, carrierMissionId: mission.id, extra: {}, memory: {} },
  ]);
  expect(await init()).toMatchObject({ missionId: mission.id, runId });
  const { id: assistantId } = missions.assistants.create({
    ...agent,
    model: "m",
    tools: [],
    enabled_features: ["telephony"],
  });
  missions.runOf(mission.id, runId).agents.push(assistantId);
  await importMissions(here.store, "/another/file", [
    {
      slug: "half",
      name: "Half",
      carrierMissionId: mission.id,
      runId,
      assistantId,
      extra: {},
      memory: {},
    },
  ]);
  const half = await openMissionOf(here.store, "half");
  expect(await setUpAgent(half, agent, using())).toMatchObject({ assistantId, phone: "+15559990000" });
  expectEachOnce();
});

test("an imported mission without a name is found by its slug, and keeps to no line", async () => {
  const { missions } = service;
  const mission = missions.create({ name: "Weekly sweep", instructions: "" });
  const { run_id: runId } = missions.start(mission.id, {});
  await importMissions(here.store, "/a/file", [
    {
      slug: "weekly-sweep",
      name: "weekly-sweep",
      carrierMissionId: mission.id,
      runId,
      extra: {},
      memory: {},
    },
  ]);
  for (const name of ["Weekly sweep", "Weekly sweep", "weekly sweep"]) {
    expect(await initMission({ ...wish, name }, using())).toMatchObject({ missionId: mission.id, runId });
  }
  expect(await openMissionOf(here.store, "weekly-sweep")).not.toHaveProperty("line");
  expect(missions.all).toHaveLength(1);
});

test("a run that ended while an answer was lost is not written down as running", async () => {
  service.faults.rest = [{ method: "PATCH", path: /runs/, kind: "drop_after_processing", times: 1 }];
  await expect(init()).rejects.toThrow(/^ClawdTalk /);
  const [known] = service.missions.runs;
  if (known) known.run.status = "failed";
  await init();
  expect(await openMissionOf(here.store, "找会议室")).toMatchObject({ runStatus: "failed" });
});

test("a plan the service says 404 of is not there", async () => {
  service.faults.rest = [{ method: "POST", path: /plan$/, kind: "status", status: 500, times: 1 }];
  await expect(init()).rejects.toThrow(/^ClawdTalk /);
  service.faults.rest = [{ method: "GET", path: /plan$/, kind: "status", status: 404, times: 1 }];
  await init();
  expect(service.missions.runs.map(({ plan }) => plan.length)).toEqual([1]);
});

test("a mission belongs to its line", async () => {
  await init();
  await expect(initMission({ ...wish, line: "work" }, using())).rejects.toThrow(
    'belongs to the line "clawdtalk": use --line clawdtalk',
  );
});
