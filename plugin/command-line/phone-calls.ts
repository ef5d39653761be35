/**
 * Owns the commands for calls on any carrier: place one, and by its id see how it stands, what was said, follow it, wait
 * for it, end it; and the list of all. What they need is loaded when they need it.
 */
import type { Command } from "commander";
import type { CallInformationUsing, CallStatus, FoundCall } from "../calls/call-information.ts";
import type { PlacedCallAnswer } from "../calls/request-call.ts";
import type { CarrierName } from "../config/schema.ts";
import type { Quoting } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  askingSession,
  type CommandContext,
  type CommonOptions,
  isRunByGateway,
  noteForAgent,
  quotingFor,
  type Settings,
  settingsOf,
  wholeNumber,
  withStore,
} from "./run.ts";
import { answerUntilStopped, type OnStop, Stopped } from "./stopping.ts";

/** By name; the type says when one is missing. */
const CARRIERS: Readonly<Record<CarrierName, true>> = { clawdtalk: true, clawcall: true, stepone: true };

/** Options that say which line. */
export interface RouteOptions extends CommonOptions {
  readonly carrier?: CarrierName;
}

interface CallOptions extends RouteOptions {
  readonly greeting?: string;
  readonly context?: string;
  readonly at?: string;
  readonly wait?: boolean;
}

interface HistoryOptions extends CommonOptions {
  readonly search?: string;
  readonly limit: number;
}

/** Adds the options that say which line; what is not said is chosen. */
export function withRouteOptions(command: Command): Command {
  return command
    .option("--line <name>", "only this line")
    .addOption(
      command.createOption("--carrier <name>", "only lines of this carrier").choices(Object.keys(CARRIERS)),
    )
    .option("--json", "print one JSON object");
}

/** Adds the commands for calls, all but `status`, to `phone`. */
export function definePhoneCalls(phone: Command, context: CommandContext, onStop: OnStop): void {
  withRouteOptions(phone.command("call"))
    .description("Call somebody, or yourself, on the line that can do it.")
    .argument("<number>", 'the phone number, or "me" for your own phone')
    .argument("<objective>", "what the call is to reach; on a call to you, what is said first")
    .option("--greeting <text>", "what is said first; to others after who is calling for whom")
    .option("--context <text>", "what may be used on the call beside the objective")
    .option("--at <time>", 'call then: 2026-08-01T08:00, 08:00 (the next one), "+20m"')
    .option("--wait", "wait until the call is over, and show what was said")
    .action(async (to: string, objective: string, options: CallOptions) => {
      await answerUntilStopped(context, onStop, options, async (signal) =>
        call({ to, objective }, options, await settingsOf(context), { context, signal }),
      );
    });
  withLine(phone.command("end"))
    .description("Hang up; a planned call is called off.")
    .argument("<id>", ID)
    .argument("[reason]", "why, for the service's record", "user_ended")
    .action(async (id: string, reason: string, options: CommonOptions) => {
      await answerWith(context, options, (settings) =>
        withCall(id, options, settings, async (found, using) => {
          const { endCall } = await import("../calls/call-information.ts");
          const { did, durationSeconds } = await endCall(found, reason, using);
          const after = durationSeconds === undefined ? "" : ` after ${durationSeconds} s`;
          const name = found.known?.id ?? found.carrierCallId;
          return {
            text:
              did === "canceled"
                ? `The call ${name} was called off: it will not be placed.`
                : `The call ${name} is being ended${after}.`,
            json: { call: { id: found.known?.id, callId: found.carrierCallId, did, durationSeconds } },
          };
        }),
      );
    });
  withLine(phone.command("transcript"))
    .description("Show what was said on a call.")
    .argument("<id>", ID)
    .action(async (id: string, options: CommonOptions) => {
      await answerWith(context, options, (settings) =>
        withCall(id, options, settings, async (found, using) => {
          const { callTranscript } = await import("../calls/call-information.ts");
          const { describeLine } = await import("./phone-words.ts");
          const transcript = await callTranscript(found, using);
          const withOwner = await isWithOwner(found, settings);
          const quoting = quotingFor(context);
          return {
            hasOthersWords: true,
            text:
              transcript.lines.map((line) => describeLine(line, { withOwner, quoting })).join("\n") ||
              (transcript.isOver === true ? "Nothing was said." : "Nothing was heard yet."),
            json: { call: { id: found.known?.id, callId: found.carrierCallId }, transcript },
          };
        }),
      );
    });
  withLine(phone.command("follow"), "print one JSON object for each thing said")
    .description("Show what is said on a call while it is spoken, until it is over.")
    .argument("<id>", ID)
    .action(async (id: string, options: CommonOptions) => {
      await answerUntilStopped(context, onStop, options, async (signal) => {
        const settings = await settingsOf(context);
        await withCall(
          id,
          options,
          settings,
          (found, using) => follow(found, using, options, settings, context),
          { signal, onWaiting: waitingOn(context) },
        );
        return undefined;
      });
    });
  const history = phone.command("history");
  history
    .description("List calls, the newest first.")
    .option("--search <text>", "only calls with this in their number, purpose, words, …")
    .option("--limit <count>", "how many", (given) => wholeNumber(history, "--limit", given, 500), 20)
    .option("--json", "print one JSON object")
    .action(async (options: HistoryOptions) => {
      await answerWith(context, options, (settings) => list(options, settings, context));
    });
}

const ID = "as printed when it was placed (the beginning is enough), or the carrier's";

/** Adds `--line` and `--json`. */
function withLine(command: Command, json = "print one JSON object"): Command {
  return command.option("--line <name>", "the call's line, where that is not clear").option("--json", json);
}

/** How one call stands: `phone status <id>`. */
export async function status(
  id: string,
  options: CommonOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  return await withCall(id, options, settings, async (found, using) => {
    const { callStatus } = await import("../calls/call-information.ts");
    const { describeStatus } = await import("./phone-words.ts");
    const call = await callStatus(found, using);
    if (call.problem !== undefined) context.complain(`Note: ${call.problem}\n`);
    return { text: describeStatus(call, quotingFor(context)), json: { call }, hasOthersWords: true };
  });
}

async function call(
  wanted: { readonly to: string; readonly objective: string },
  options: CallOptions,
  settings: Settings,
  { context, signal }: { readonly context: CommandContext; readonly signal: AbortSignal },
): Promise<Answer> {
  const { requestCall } = await import("../calls/request-call.ts");
  const { describePlacedCall } = await import("./phone-words.ts");
  const { greeting, context: background, carrier, line, at } = options;
  const placed = await requestCall(
    {
      ...wanted,
      greeting,
      context: background,
      carrier,
      line,
      at,
      // Whoever waits sees the result here.
      askedIn: options.wait ? undefined : askingSession(context),
    },
    settings,
    signal,
    { isRunning: isRunByGateway(context) },
  );
  for (const note of placed.notes) context.complain(`Note: ${note}\n`);
  const text = describePlacedCall(placed);
  if (!options.wait) return { text, json: { call: placed } };
  // Before anything can go wrong with the waiting.
  if (!options.json) context.print(`${text}\n`);
  const knocking = options.json ? undefined : setInterval(() => context.knock?.(), KNOCK_EVERY_MS);
  try {
    return await waited(placed, settings, { signal, onWaiting: waitingOn(context) }, quotingFor(context));
  } catch (error) {
    if (signal.aborted) {
      throw new Stopped(
        `Stopped waiting; ${placed.state === "planned" ? "the call stays planned" : "the call goes on"}. To see it: phone status ${placed.id}`,
        { call: placed },
      );
    }
    throw Object.assign(error as Error, { facts: { call: placed } });
  } finally {
    clearInterval(knocking);
  }
}

/** Whoever reads only the beginning of the output is not waited for much longer. */
const KNOCK_EVERY_MS = 2_000;

/** How the call ended, and what was said on it. */
async function waited(
  placed: PlacedCallAnswer,
  settings: Settings,
  how: Pick<CallInformationUsing, "signal" | "onWaiting">,
  quoting: Quoting,
): Promise<Answer> {
  return await withCall(
    placed.id,
    {},
    settings,
    async (found, using) => {
      const { callTranscript, lookUpCall, waitForEnd } = await import("../calls/call-information.ts");
      const { describeLine, describeStatus } = await import("./phone-words.ts");
      const call = await waitForEnd(found, using);
      const ended = await lookUpCall({ id: placed.id }, using);
      const transcript = await callTranscript(ended, using);
      const withOwner = placed.to === null;
      return {
        text: [
          "",
          describeStatus(call, quoting),
          ...transcript.lines.map((line) => describeLine(line, { withOwner, quoting })),
        ].join("\n"),
        json: { call: { ...placed, ...defined(call) }, transcript },
        hasOthersWords: true,
      };
    },
    how,
  );
}

async function follow(
  found: FoundCall,
  using: CallInformationUsing,
  { json }: CommonOptions,
  settings: Settings,
  context: CommandContext,
): Promise<void> {
  const { followCall } = await import("../calls/call-information.ts");
  const { describeEnd, describeLine } = await import("./phone-words.ts");
  const withOwner = await isWithOwner(found, settings);
  const quoting = quotingFor(context);
  const note = noteForAgent(context);
  const said = followCall(found, using);
  for (;;) {
    const next = await said.next();
    if (next.done) {
      const { id, callId, outcome, durationSeconds } = next.value;
      context.print(
        json
          ? `${JSON.stringify({ over: true, id, callId, outcome, durationSeconds })}\n`
          : `${describeEnd(next.value)}\n`,
      );
      return;
    }
    context.print(
      json
        ? `${JSON.stringify({ ...note, ...next.value })}\n`
        : `${describeLine(next.value, { withOwner, quoting })}\n`,
    );
  }
}

/** Says on stderr what is waited for. */
function waitingOn(context: CommandContext): (until: Date | "answer" | "end") => void {
  return (until) =>
    void import("./phone-words.ts").then(({ describeWaiting }) =>
      context.complain(`${describeWaiting(until)}\n`),
    );
}

/** Somebody looks at a list: a service that does not answer at once is not waited for. */
const HURRIED = { timeoutMs: 2_500, retry: { times: 0, firstDelayMs: 0 } };

async function list(
  { search, limit }: HistoryOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  const { config, stateFolder } = settings;
  const { searchCalls } = await import("../store/calls.ts");
  const { askAfterOpenCalls, storedStatus } = await import("../calls/call-information.ts");
  const { UNANSWERED_AFTER_MS } = await import("../calls/open-calls.ts");
  const { runningPhone } = await import("../calls/running-phone.ts");
  const { callsOf } = await import("../lines/line-calls.ts");
  const { describeInOneLine } = await import("./phone-words.ts");
  return await withStore({ stateFolder }, async (store) => {
    const goingOn = await askAfterOpenCalls({
      store,
      config,
      open: (line) => callsOf(line, config, HURRIED),
      isFollowed: async () => (await runningPhone(settings)) !== undefined,
    });
    const calls = (await searchCalls(store, { limit, ...(search === undefined ? {} : { search }) })).map(
      storedStatus,
    );
    // Those that were placed just now need no explanation.
    const settledBy = store.now().getTime() - UNANSWERED_AFTER_MS;
    const isInDoubt = ({ id = "", state, createdAt }: CallStatus) =>
      (state === "placed" || state === "started") &&
      goingOn?.has(id) === false &&
      Date.parse(createdAt ?? "") < settledBy;
    if (calls.some(isInDoubt)) {
      context.complain(
        'Note: Nothing is running that hears how calls end, so those that are not over here may be: see "phone status ID", and start the gateway (openclaw gateway start).\n',
      );
    }
    return {
      text: calls.map(describeInOneLine).join("\n") || "No calls.",
      json: { calls },
      hasOthersWords: true,
    };
  });
}

/** Finds a call and does something with it. */
async function withCall<Result>(
  id: string,
  { line }: CommonOptions,
  settings: Settings,
  work: (found: FoundCall, using: CallInformationUsing) => Promise<Result>,
  { signal, onWaiting }: Pick<CallInformationUsing, "signal" | "onWaiting"> = {},
): Promise<Result> {
  const { lookUpCall } = await import("../calls/call-information.ts");
  const { runningPhone } = await import("../calls/running-phone.ts");
  return await withStore(settings, async (store) => {
    const using: CallInformationUsing = {
      store,
      config: settings.config,
      signal,
      ...(onWaiting === undefined ? {} : { onWaiting }),
      isFollowed: async () => (await runningPhone(settings)) !== undefined,
    };
    return await work(await lookUpCall({ id, line }, using), using);
  });
}

/** Whether it is the owner who was talked to, as the owner's session is told of it. */
async function isWithOwner({ known, line }: FoundCall, { config }: Settings): Promise<boolean> {
  if (known === undefined) return false;
  const { whoWasOn } = await import("../trust/speakers.ts");
  return whoWasOn(known, { line, ownerNumbers: config.ownerNumbers }) === "owner";
}

/** The object without its undefined values. */
function defined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
