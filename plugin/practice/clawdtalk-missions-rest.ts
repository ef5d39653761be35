// Owns the routes of the ClawdTalk practice server for missions: who is asked, and in which wrapping the answer comes.
import type { KnownRun, PracticeMission } from "./clawdtalk-missions.ts";
import { missionInput } from "./clawdtalk-missions-wire.ts";
import { type Answer, ok, type PathNames, type RestLine, type Route, route } from "./clawdtalk-routes.ts";

const gone: Answer = { status: 204, body: undefined };

const missionRoutesOnly: readonly Route[] = [
  route("POST", "/missions", { body: missionInput.createMission }, ({ line, body }) =>
    ok({ mission: line.missions.create(body) }),
  ),
  route("GET", "/missions", { query: missionInput.listMissions }, ({ line, query }) =>
    ok({ missions: newest(line.missions.all, query["page[size]"]) }),
  ),
  route("GET", "/missions/:id", {}, ({ line, id }) => ok({ mission: line.missions.find(id) })),
  route("POST", "/missions/:id/cancel", {}, ({ line, id }) => ok({ mission: line.missions.cancel(id) })),
  route("GET", "/missions/conversations/:id/insights", {}, ({ line, id }) =>
    ok({ data: line.missions.scheduled.insights(id) }),
  ),
];

const runRoutes: readonly Route[] = [
  route("POST", "/missions/:id/runs", { body: missionInput.createRun }, ({ line, id, body }) =>
    ok({ data: line.missions.start(id, body.input) }),
  ),
  route("GET", "/missions/:id/runs", {}, ({ line, id }) => {
    line.missions.find(id);
    return ok({
      data: line.missions.runs.map(({ run }) => run).filter(({ mission_id }) => mission_id === id),
    });
  }),
  route("GET", "/missions/:id/runs/:run", {}, (input) => ok({ data: runIn(input).run })),
  route("PATCH", "/missions/:id/runs/:run", { body: missionInput.updateRun }, (input) => {
    const { run } = runIn(input);
    return ok({ data: Object.assign(run, input.body) });
  }),
  route("POST", "/missions/:id/runs/:run/plan", { body: missionInput.createPlan }, (input) => {
    const { line, id, names, body } = input;
    return ok({ data: line.missions.plan(id, names.run ?? "", body.steps) });
  }),
  route("GET", "/missions/:id/runs/:run/plan", {}, (input) => ok({ data: runIn(input).plan })),
  route(
    "PATCH",
    "/missions/:id/runs/:run/plan/steps/:step",
    { body: missionInput.updateStep },
    ({ line, id, names, body }) => {
      const step = line.missions.stepOf(id, names.run ?? "", names.step ?? "");
      step.status = body.status;
      return ok({ data: step });
    },
  ),
  route("POST", "/missions/:id/runs/:run/events", { body: missionInput.logEvent }, (input) => {
    const { line, id, names, body } = input;
    return ok({ data: line.missions.log(id, names.run ?? "", body) });
  }),
  route("GET", "/missions/:id/runs/:run/events", {}, (input) => ok({ data: runIn(input).events })),
  route("POST", "/missions/:id/runs/:run/agents", { body: missionInput.linkAgent }, (input) => {
    const { agents } = runIn(input);
    const { telnyx_agent_id } = input.body;
    if (!agents.includes(telnyx_agent_id)) agents.push(telnyx_agent_id);
    return ok({ data: [{ telnyx_agent_id }] });
  }),
  route("GET", "/missions/:id/runs/:run/agents", {}, (input) =>
    ok({ data: runIn(input).agents.map((telnyx_agent_id) => ({ telnyx_agent_id })) }),
  ),
  route("DELETE", "/missions/:id/runs/:run/agents/:agent", {}, (input) => {
    const { agents } = runIn(input);
    const at = agents.indexOf(input.names.agent ?? "");
    if (at !== -1) agents.splice(at, 1);
    return gone;
  }),
];

const assistantRoutes: readonly Route[] = [
  route("POST", "/assistants", { body: missionInput.createAssistant }, ({ line, body }) =>
    ok({ assistant: line.missions.assistants.create(body) }),
  ),
  route("GET", "/assistants", { query: missionInput.listAssistants }, ({ line, query }) =>
    ok(line.missions.assistants.list(query)),
  ),
  route("GET", "/assistants/:id", {}, ({ line, id }) => ok({ assistant: line.missions.assistants.find(id) })),
  route("PATCH", "/assistants/:id", { body: missionInput.updateAssistant }, ({ line, id, body }) =>
    ok({ assistant: line.missions.assistants.update(id, body) }),
  ),
  route("DELETE", "/assistants/:id", {}, ({ line, id }) => {
    line.missions.assistants.remove(id);
    return gone;
  }),
  route("GET", "/assistants/:id/connection-id", { query: missionInput.connectionId }, ({ line, id, query }) =>
    ok({ connection_id: line.missions.assistants.connectionId(id, query.feature) }),
  ),
  route("POST", "/assistants/:id/events", { body: missionInput.scheduleEvent }, ({ line, id, body, key }) =>
    ok({ event: line.missions.scheduled.schedule(id, body, key) }),
  ),
  route("GET", "/assistants/:id/events", {}, ({ line, id }) =>
    ok({ events: line.missions.scheduled.of(id) }),
  ),
  route("GET", "/assistants/:id/events/:event", {}, ({ line, id, names }) =>
    ok({ event: line.missions.scheduled.find(id, names.event ?? "") }),
  ),
  route("DELETE", "/assistants/:id/events/:event", {}, ({ line, id, names }) => {
    line.missions.scheduled.remove(id, names.event ?? "");
    return gone;
  }),
];

const numberRoutes: readonly Route[] = [
  route("GET", "/numbers/account-phones", {}, ({ line }) => ok({ data: line.missions.numbers.all })),
  route("GET", "/numbers/account-phones/available", {}, ({ line }) => {
    const found = line.missions.numbers.available;
    return ok({ phone: found === undefined ? null : { id: found.id, phone_number: found.phone_number } });
  }),
  route("PATCH", "/numbers/account-phones/:id", { body: missionInput.assignPhone }, ({ line, id, body }) =>
    ok({ data: line.missions.numbers.assign(id, body.connection_id) }),
  ),
];

export const missionRoutes: readonly Route[] = [
  ...missionRoutesOnly,
  ...runRoutes,
  ...assistantRoutes,
  ...numberRoutes,
];

function runIn({ line, id, names }: { line: RestLine; id: string; names: PathNames }): KnownRun {
  return line.missions.runOf(id, names.run ?? "");
}

function newest(missions: readonly PracticeMission[], most: number): PracticeMission[] {
  return missions.toReversed().slice(0, most);
}
