/** Owns the commands for missions that ask the carrier at once, one request each, and fail when it fails. */
import type { CarrierEvent, ConnectionFeature, PlanStep } from "../carriers/clawdtalk/missions-rest.ts";
import { messageOf } from "../log.ts";
import type { AssistantWish } from "../missions/assistant-defaults.ts";
import type { Store } from "../store/database.ts";
import {
  jsonArgument,
  jsonList,
  jsonObject,
  type MissionCommands,
  type MissionWork,
} from "./missions-work.ts";
import { asWord, shownJson, spoken } from "./quoted.ts";
import { type Answer, NotUnderstood, type PlainContext, quotingFor, wholeNumber } from "./run.ts";

type Work = MissionWork<object>;

/** Adds the commands. */
export function defineServerMissions(missions: MissionCommands): void {
  defineMissions(missions);
  defineRuns(missions);
  definePlans(missions);
  defineAssistants(missions);
  definePhones(missions);
  defineEvents(missions);
  defineAgents(missions);
}

function defineMissions(missions: MissionCommands): void {
  missions.add("check-key", "Show which API key is used.", async ({ carrier }) => {
    const { line } = await carrier();
    const { nameKey } = await import("../config/redaction.ts");
    const key = nameKey(line.apiKey).replace("…", "...");
    return { text: `API key configured: ${key}`, json: { line: line.name, key } };
  });
  missions.add("create-mission <name> <instructions>", "Create a mission.", async ({ args, carrier }) => {
    const [name = "", instructions = ""] = args;
    const { rest } = await carrier();
    const missionId = await rest.createMission({ name, instructions });
    return { text: `Created mission: ${missionId}`, json: { missionId } };
  });
  missions.add("get-mission <mission_id>", "Show a mission.", async ({ args, context, carrier }) => {
    const [missionId = ""] = args;
    const { rest } = await carrier();
    const mission = await rest.getMission(missionId);
    return { text: shown(context, "that mission", mission), json: { mission }, hasOthersWords: true };
  });
  missions.add("list-missions", "List missions.", async ({ context, carrier }) => {
    const { rest } = await carrier();
    const found = await rest.listMissions();
    const quoting = quotingFor(context);
    const lines = found.map(
      ({ id, name }) => `${id}: ${quoting("the name of that mission", name ?? "unnamed", spoken)}`,
    );
    return { text: lines.join("\n") || "No missions.", json: { missions: found }, hasOthersWords: true };
  });
}

function defineRuns(missions: MissionCommands): void {
  missions.add(
    "create-run <mission_id> <input_json>",
    "Start a run of a mission.",
    async ({ args, carrier }) => {
      const [missionId = "", input = ""] = args;
      const given = jsonArgument("input", input);
      const { rest } = await carrier();
      const { id: runId, status } = await rest.createRun(missionId, given);
      return { text: `Created run: ${runId}`, json: { runId, status } };
    },
  );
  missions.add("get-run <mission_id> <run_id>", "Show a run.", async (work) => {
    const [missionId = "", runId = ""] = work.args;
    const { rest } = await work.carrier();
    const run = await rest.getRun(missionId, runId);
    await noteRuns(work, missionId, [run]);
    return {
      text: shown(work.context, "that run", run.described),
      json: { run: run.described },
      hasOthersWords: true,
    };
  });
  missions.add(
    "update-run <mission_id> <run_id> <status>",
    "Say how a run stands: pending, running, succeeded, failed, cancelled.",
    async (work) => {
      const [missionId = "", runId = "", status = ""] = work.args;
      const { rest } = await work.carrier();
      await rest.updateRun(missionId, runId, { status });
      await noteRuns(work, missionId, [{ id: runId, status }]);
      return { text: `Updated run ${runId}: ${status}`, json: { runId, status } };
    },
  );
  missions.add("list-runs <mission_id>", "List the runs of a mission.", async (work) => {
    const [missionId = ""] = work.args;
    const { rest } = await work.carrier();
    const runs = await rest.listRuns(missionId);
    await noteRuns(work, missionId, runs);
    return {
      text: runs.map(({ id, status = "unknown" }) => `${id}: ${asWord(status)}`).join("\n") || "No runs.",
      json: { runs: runs.map(({ described }) => described) },
      hasOthersWords: true,
    };
  });
}

function definePlans(missions: MissionCommands): void {
  missions.add(
    "create-plan <mission_id> <run_id> <steps_json>",
    "Make the plan of a run, a list of {step_id, description, sequence}.",
    async ({ args, carrier }) => {
      const [missionId = "", runId = "", written = ""] = args;
      const steps = jsonList("steps", written) as PlanStep[];
      const { rest } = await carrier();
      await rest.createPlan(missionId, runId, steps);
      return { text: `Created plan with ${steps.length} steps`, json: { steps } };
    },
  );
  missions.add("get-plan <mission_id> <run_id>", "Show the plan of a run.", async (work) => {
    const [missionId = "", runId = ""] = work.args;
    const { rest } = await work.carrier();
    const steps = await rest.getPlan(missionId, runId);
    return {
      text: shown(work.context, "the plan of that run", steps),
      json: { steps },
      hasOthersWords: true,
    };
  });
  missions.add(
    "update-step <mission_id> <run_id> <step_id> <status>",
    "Say how a step stands: pending, in_progress, completed, skipped, failed.",
    async ({ args, carrier }) => {
      const [missionId = "", runId = "", stepId = "", status = ""] = args;
      const { rest } = await carrier();
      await rest.updateStep(missionId, runId, stepId, status);
      return { text: `Updated step '${stepId}': ${status}`, json: { stepId, status } };
    },
  );
  missions.add(
    "log-event <mission_id> <run_id> <type> <summary> <step_id> [payload_json]",
    'Log what was done: tool_call, custom, message, error, step_started, step_completed. "-" is no step.',
    async ({ args, carrier }) => {
      const [missionId = "", runId = "", type = "", summary = "", step = "", written] = args;
      if (/^[{[]/.test(step)) {
        throw new NotUnderstood(
          'The step looks like JSON: it comes before the payload, and "-" stands for none. log-event <mission_id> <run_id> <type> <summary> <step_id> [payload_json]',
        );
      }
      const payload = written === undefined ? undefined : jsonArgument("payload", written);
      const { rest } = await carrier();
      const stepId = step === "-" ? undefined : step || undefined;
      const event = await rest.logEvent(missionId, runId, { type, summary, stepId, payload });
      return { text: `Logged event: ${summary}`, json: { event }, hasOthersWords: true };
    },
  );
  missions.add("list-events <mission_id> <run_id>", "List what was logged.", async (work) => {
    const [missionId = "", runId = ""] = work.args;
    const { rest } = await work.carrier();
    const events = await rest.listEvents(missionId, runId);
    const quoting = quotingFor(work.context);
    const lines = events.map(
      ({ type = "?", summary = "" }) =>
        `[${asWord(type)}] ${quoting("what was logged of that run", summary, spoken)}`,
    );
    return {
      text: lines.join("\n") || "No events.",
      json: { events: events.map(({ described }) => described) },
      hasOthersWords: true,
    };
  });
}

interface ListOptions {
  readonly name?: string;
  readonly page: number;
  readonly size: number;
}

function defineAssistants(missions: MissionCommands): void {
  missions.add<ListOptions>(
    "list-assistants",
    "List assistants.",
    async ({ options, context, carrier }) => {
      const { rest } = await carrier();
      const { assistants, page, pages, total } = await rest.listAssistants(options);
      const quoting = quotingFor(context);
      const lines = assistants.map(({ id, name = "unnamed", model = "", features }) => {
        const listed = features.map((feature) => `'${feature}'`).join(", ");
        const words = `${name} (model=${model}, features=[${listed}])`;
        return `${id}: ${quoting("that assistant", words, spoken)}`;
      });
      if (!options.json) {
        context.complain(`Page ${page}/${pages ?? 1} (${total ?? assistants.length} total)\n`);
      }
      return {
        text: lines.join("\n") || "No assistants.",
        json: { assistants, page, pages, total },
        hasOthersWords: true,
      };
    },
    (command) =>
      command
        .option("--name <filter>", "only those whose name has this in it")
        .option("--page <n>", "which page", (given) => wholeNumber(command, "--page", given, 100_000), 1)
        .option(
          "--size <n>",
          "how many on a page",
          (given) => wholeNumber(command, "--size", given, 100),
          25,
        ),
  );
  missions.add(
    "create-assistant <name> <instructions> <greeting> [options_json]",
    "Create an assistant; the options are a list of features, or {features, model, tools, voice, description}.",
    async ({ args, carrier }) => {
      const [name = "", instructions = "", greeting = "", written] = args;
      const given = written === undefined ? {} : assistantOptions(written);
      const { assistantBody } = await import("../missions/assistant-defaults.ts");
      const { rest } = await carrier();
      const assistantId = await rest.createAssistant(
        assistantBody({ name, instructions, greeting, ...given }),
      );
      return { text: `Created assistant: ${assistantId}`, json: { assistantId } };
    },
  );
  missions.add("get-assistant <assistant_id>", "Show an assistant.", async (work) => {
    const [assistantId = ""] = work.args;
    const { rest } = await work.carrier();
    const assistant = await rest.getAssistant(assistantId);
    return {
      text: shown(work.context, "that assistant", assistant),
      json: { assistant },
      hasOthersWords: true,
    };
  });
  missions.add(
    "update-assistant <assistant_id> <updates_json>",
    "Change an assistant.",
    async ({ args, carrier }) => {
      const [assistantId = "", written = ""] = args;
      const changes = jsonObject("updates", written);
      const { rest } = await carrier();
      const assistant = await rest.updateAssistant(assistantId, changes);
      return { text: `Updated assistant ${assistantId}`, json: { assistant }, hasOthersWords: true };
    },
  );
  missions.add(
    "get-connection-id <assistant_id> [feature]",
    "Show where a number is connected to for this assistant; the feature is telephony or messaging.",
    async ({ args, options, context, carrier }) => {
      const [assistantId = "", feature = "telephony"] = args;
      const { rest } = await carrier();
      const connectionId = await rest.connectionId(assistantId, feature as ConnectionFeature);
      if (connectionId !== undefined) {
        return { text: `Connection ID: ${connectionId}`, json: { connectionId } };
      }
      context.complain(`No connection ID found for ${feature}\n`);
      return onlyJson({ options }, { connectionId: null });
    },
  );
}

/** The fourth argument of `create-assistant` and the fifth of `setup-agent`. @throws NotUnderstood */
export function assistantOptions(
  written: string,
): Pick<AssistantWish, "features" | "model" | "tools" | "voice" | "description"> {
  const parsed = jsonArgument("options", written);
  if (Array.isArray(parsed)) return { features: parsed.map(String) };
  const { features, enabled_features, model, tools, voice, description } = jsonObject("options", written);
  const texts = { model, voice, description };
  const wrong = Object.entries(texts).find(([, value]) => value !== undefined && typeof value !== "string");
  if (wrong !== undefined) throw new NotUnderstood(`"${wrong[0]}" in the options must be a text.`);
  const chosen = features ?? enabled_features;
  if (chosen !== undefined && !Array.isArray(chosen)) {
    throw new NotUnderstood('"features" in the options must be a list, as in ["telephony", "messaging"].');
  }
  if (tools !== undefined && !Array.isArray(tools)) {
    throw new NotUnderstood('"tools" in the options must be a list, as in [{"type": "hangup"}].');
  }
  return {
    features: chosen?.map(String),
    tools,
    ...(texts as Pick<AssistantWish, "model" | "voice" | "description">),
  };
}

function definePhones(missions: MissionCommands): void {
  missions.add<{ readonly available?: boolean }>(
    "list-phones",
    "List the account's numbers.",
    async ({ options, carrier }) => {
      const { rest } = await carrier();
      const all = await rest.listPhones();
      const phones = all.filter((each) => !options.available || each.connectionId === undefined);
      const lines = phones.map(
        ({ id, number, connectionId }) =>
          `${id}: ${number} [${connectionId === undefined ? "available" : "assigned"}]`,
      );
      return { text: lines.join("\n") || "No numbers.", json: { phones } };
    },
    (command) => command.option("--available", "only those that are free"),
  );
  missions.add(
    "get-available-phone",
    "Show a number that is free.",
    async ({ options, context, carrier }) => {
      const { rest } = await carrier();
      const phone = await rest.availablePhone();
      if (phone !== undefined) {
        return { text: `Found available: ${phone.number}\nId: ${phone.id}`, json: { phone } };
      }
      context.complain(`${NO_PHONE}\n`);
      return onlyJson({ options }, { phone: null });
    },
  );
  missions.add(
    "assign-phone <phone_id> <connection_id> [type]",
    "Connect a number to an assistant; the type is voice or sms.",
    async ({ args, carrier }) => {
      const [phoneId = "", connectionId = "", type = "voice"] = args;
      const { rest } = await carrier();
      await rest.assignPhone(phoneId, { connectionId, type: type as "voice" | "sms" });
      return { text: `Assigned phone number ${phoneId}`, json: { phoneId, connectionId, type } };
    },
  );
}

/** What to do when a request may have been carried out all the same, and is looked for before it is sent again. */
export const AGAIN =
  "It may have been carried out all the same: run this again. It looks first, and does nothing twice.";

export const NO_PHONE =
  "No number of the account is free: get one at clawdtalk.com, or take one from another assistant (list-phones, assign-phone).";

function defineEvents(missions: MissionCommands): void {
  const schedule = async (work: Work, text: string | undefined, ids: readonly (string | undefined)[]) => {
    const [assistantId = "", to = "", from = "", at = ""] = work.args;
    const [missionId, runId, stepId] = ids;
    const { scheduleEvent } = await import("../missions/schedule-event.ts");
    const { oneAtATime } = await import("../missions/one-at-a-time.ts");
    const { config, stateFolder } = await work.settings();
    const { line, rest } = await work.carrier({ doubt: AGAIN });
    const store = await work.store();
    const wish = { assistantId, to, from, at, missionId, runId, stepId, text };
    return await oneAtATime(stateFolder, () => scheduleEvent(wish, { store, rest, config, line: line.name }));
  };
  const told = ({ id: eventId, described: event }: CarrierEvent) => ({ eventId, event });
  missions.add(
    "schedule-call <assistant_id> <to> <from> <datetime> [mission_id] [run_id] [step_id]",
    "Have an assistant call somebody at a time.",
    async (work) => {
      const event = await schedule(work, undefined, work.args.slice(4));
      return { text: `Scheduled call: ${event.id}`, json: told(event), hasOthersWords: true };
    },
  );
  missions.add(
    "schedule-sms <assistant_id> <to> <from> <datetime> <text> [mission_id] [run_id] [step_id]",
    "Have a text sent at a time.",
    async (work) => {
      const text = work.args[4] ?? "";
      if (text.trim() === "") throw new NotUnderstood("The text is empty.");
      const event = await schedule(work, text, work.args.slice(5));
      return { text: `Scheduled SMS: ${event.id}`, json: told(event), hasOthersWords: true };
    },
  );
  missions.add("get-event <assistant_id> <event_id>", "Show how a call or text stands.", async (work) => {
    const [assistantId = "", eventId = ""] = work.args;
    const { rest } = await work.carrier();
    const event = await rest.getEvent(assistantId, eventId);
    await noteEvents(work, [event]);
    const { status = "unknown", callStatus, conversationId, retryCount = 0, described } = event;
    const parts = [
      `Status: ${asWord(status)}`,
      ...(callStatus === undefined ? [] : [`call_status: ${asWord(callStatus)}`]),
      ...(conversationId === undefined ? [] : [`conversation_id: ${asWord(conversationId)}`]),
      ...(retryCount > 0 ? [`retry_count: ${retryCount}`] : []),
    ];
    return { text: parts.join(", "), json: { event: described }, hasOthersWords: true };
  });
  missions.add(
    "cancel-scheduled-event <assistant_id> <event_id>",
    "Call a scheduled call or text off.",
    async (work) => {
      const [assistantId = "", eventId = ""] = work.args;
      const { rest } = await work.carrier();
      await rest.cancelEvent(assistantId, eventId);
      const { eventCanceled } = await import("../store/scheduled-events.ts");
      await note(work, (store) => eventCanceled(store, eventId));
      return { text: `Deleted scheduled event: ${eventId}`, json: { eventId } };
    },
  );
  missions.add(
    "list-events-assistant <assistant_id>",
    "List what an assistant has scheduled.",
    async (work) => {
      const [assistantId = ""] = work.args;
      const { rest } = await work.carrier();
      const events = await rest.listAssistantEvents(assistantId);
      await noteEvents(work, events);
      const lines = events.map(({ id, status = "unknown", callStatus }) =>
        [
          `${id}: ${asWord(status)}`,
          ...(callStatus === undefined ? [] : [`call_status=${asWord(callStatus)}`]),
        ].join(", "),
      );
      return {
        text: lines.join("\n") || "No events.",
        json: { events: events.map(({ described }) => described) },
        hasOthersWords: true,
      };
    },
  );
  missions.add(
    "get-insights <conversation_id>",
    "Show what was learned on a call.",
    async ({ args, context, options, carrier }) => {
      const [conversationId = ""] = args;
      const { rest } = await carrier();
      const { isComplete, status, results, described } = await rest.insights(conversationId);
      if (!isComplete && !options.json) {
        const stands = status === undefined ? "nothing there" : asWord(status);
        context.complain(`Not complete yet (${stands}): ask again in 10 seconds.\n`);
      }
      const json = { isComplete, status, results, insights: described };
      if (results.length === 0 && !options.json) return undefined;
      const quoting = quotingFor(context);
      const lines = results.map(
        (result) => `Insight: ${quoting("the insights of that call", result, spoken)}`,
      );
      return { text: lines.join("\n"), json, hasOthersWords: true };
    },
  );
}

function defineAgents(missions: MissionCommands): void {
  missions.add(
    "link-agent <mission_id> <run_id> <assistant_id>",
    "Link an assistant to a run.",
    async ({ args, carrier }) => {
      const [missionId = "", runId = "", assistantId = ""] = args;
      const { rest } = await carrier();
      await rest.linkAgent(missionId, runId, assistantId);
      return { text: `Linked agent ${assistantId} to run ${runId}`, json: { assistantId, runId } };
    },
  );
  missions.add(
    "list-linked-agents <mission_id> <run_id>",
    "List the assistants linked to a run.",
    async ({ args, carrier }) => {
      const [missionId = "", runId = ""] = args;
      const { rest } = await carrier();
      const agents = await rest.listLinkedAgents(missionId, runId);
      return {
        text: agents.map((agent) => `Agent: ${agent}`).join("\n") || "No agents.",
        json: { agents },
      };
    },
  );
  missions.add(
    "unlink-agent <mission_id> <run_id> <assistant_id>",
    "Unlink an assistant from a run.",
    async ({ args, carrier }) => {
      const [missionId = "", runId = "", assistantId = ""] = args;
      const { rest } = await carrier();
      await rest.unlinkAgent(missionId, runId, assistantId);
      return { text: `Unlinked agent ${assistantId} from run ${runId}`, json: { assistantId, runId } };
    },
  );
}

/** What the service has under this name, as JSON: others' words may stand anywhere in it. */
function shown(context: PlainContext, what: string, value: unknown): string {
  return quotingFor(context)(what, JSON.stringify(value), () => shownJson(value));
}

/** For programs a JSON object, for people nothing: what there is to say stands on standard error. */
export function onlyJson({ options }: Pick<Work, "options">, json: Answer["json"]): Answer | undefined {
  return options.json ? { text: "", json } : undefined;
}

async function noteRuns(
  work: Work,
  carrierMissionId: string,
  runs: readonly { readonly id: string; readonly status: string | undefined }[],
): Promise<void> {
  const { noteRunStatus } = await import("../store/missions.ts");
  await note(work, async (store) => {
    for (const { id: runId, status } of runs) {
      if (status !== undefined) await noteRunStatus(store, { carrierMissionId, runId }, status);
    }
  });
}

async function noteEvents(work: Work, events: readonly CarrierEvent[]): Promise<void> {
  const { noteEvent } = await import("../store/scheduled-events.ts");
  await note(work, async (store) => {
    for (const event of events) await noteEvent(store, event.id, event);
  });
}

/** Writes down what the carrier has said. When that cannot be done, what was asked of the carrier is done all the same. */
async function note(work: Work, write: (store: Store) => Promise<void>): Promise<void> {
  try {
    await write(await work.store());
  } catch (error) {
    work.context.complain(`Note: it was not noted here. ${messageOf(error)}\n`);
  }
}
