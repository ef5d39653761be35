/**
 * Owns what happens when somebody asks for a call, by command or by the agent's tool: the number is looked at, the line
 * that can do it is chosen, and the call is placed, or planned for later. One way, whatever the carrier.
 */
import { complaintAbout } from "../carriers/stepone/requirement-complaint.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { E164 } from "../config/phone-number.ts";
import type { CarrierName, SwitchboardConfig } from "../config/schema.ts";
import { checkLimits } from "../limits/check-limits.ts";
import type { LineCalls } from "../lines/line-calls.ts";
import { planCall } from "../store/calls.ts";
import { withStore } from "../store/database.ts";
import { chooseRoute } from "./choose-route.ts";
import { dialable } from "./dial-policy.ts";
import { dueTime } from "./due-time.ts";
import {
  type CallRequest,
  type ComposedCall,
  composeCall,
  type PlacedCall,
  placeCall,
} from "./place-call.ts";
import { type RunningPhone, runningPhone } from "./running-phone.ts";

/** What was asked for cannot be a call. The message is for people. */
export class CallNotUnderstood extends Error {
  override readonly name = "CallNotUnderstood";
}

/** How the owner is named where a number could stand. */
const OWNER = "me";

export interface RequestedCall {
  /** A number as a person writes it, or "me" for the owner. */
  readonly to: string;
  /** What the call is about. Said first on a call to the owner that has no greeting. */
  readonly objective: string;
  /** What is said first; to others after the words that say who is calling for whom. */
  readonly greeting?: string | undefined;
  /** What the agent may use on a call to somebody else. */
  readonly context?: string | undefined;
  readonly carrier?: CarrierName | undefined;
  readonly line?: string | undefined;
  /** When to call, as {@link dueTime} reads it; at once when undefined. */
  readonly at?: string | undefined;
  /** The key of the session that asks. */
  readonly askedIn?: string | undefined;
}

export interface PlacedCallAnswer {
  /** Ours: what every command understands, whatever the carrier. */
  readonly id: string;
  readonly state: "placed" | "planned";
  /** The carrier's; missing as long as it has given none. */
  readonly callId?: string;
  /** Null for the owner. */
  readonly to: E164 | null;
  readonly line: string;
  readonly carrier: CarrierName;
  /** Why this line: "clawcall: the first line that can call others". */
  readonly why: string;
  /** In the carrier's words. */
  readonly status?: string;
  /** What is said first. */
  readonly greeting: string;
  /** UTC ISO 8601. */
  readonly dueAt?: string;
  /** What the person who asked should know, a sentence each. */
  readonly notes: readonly string[];
}

/** The settings, and where the store is. */
export interface CallSettings {
  readonly config: SwitchboardConfig;
  readonly stateFolder: string;
}

/** What a process that runs the lines itself, or is run by the one that does, knows better. */
export interface RequestUsing {
  /** Something is running that speaks on calls and places planned ones, whether it can be asked or not. */
  readonly isRunning?: boolean | undefined;
}

/**
 * Places a call, or plans one.
 *
 * @throws CallNotUnderstood, NotDialable, BadTime before anything is asked or written.
 * @throws LimitReached: for a call at a time, when that time or the number forbids it.
 * @throws NoRoute, RouteContradicted, NoUsableLine, CarrierError; NoVoice when nobody could speak on the call.
 * @throws the signal's reason, before the carrier is asked to call and never later.
 */
export async function requestCall(
  request: RequestedCall,
  settings: CallSettings,
  signal?: AbortSignal,
  using: RequestUsing = {},
): Promise<PlacedCallAnswer> {
  const { config } = settings;
  const objective = request.objective.trim();
  if (objective === "") throw new CallNotUnderstood("The objective is empty: say what the call is about.");
  refuseTooLong([
    ["objective", objective],
    ["context", request.context],
    ["greeting", request.greeting],
  ]);
  const asked = isOwner(request.to) ? undefined : await dialable(request.to, config);
  const isToOwner = asked === undefined || config.ownerNumbers.includes(asked);
  const dueAt = request.at === undefined ? undefined : dueTime(request.at, new Date());
  const { carrier, line: named } = request;
  const { to, line, calls, why } = await chooseRoute(
    { what: "call", to: asked, isToOwner, carrier, line: named },
    { config },
  );
  signal?.throwIfAborted();
  const notes = line.carrier === "stepone" ? await missing(request) : [];
  const greeting = request.greeting?.trim() || undefined;
  const words: CallRequest = {
    to,
    greeting: greeting ?? (isToOwner ? objective : undefined),
    // What is said first to the owner needs no purpose beside it, unless the carrier's own AI leads the call.
    purpose: isToOwner && greeting === undefined && line.carrier !== "stepone" ? undefined : objective,
    context: request.context,
    askedIn: request.askedIn,
  };
  const answer = {
    to: to === undefined || isToOwner ? null : to,
    line: line.name,
    carrier: line.carrier,
    why,
  };
  if (dueAt === undefined) {
    const placed = await placeOn({ line, calls }, words, settings, using);
    return {
      ...answer,
      id: placed.id,
      state: "placed",
      callId: placed.callId,
      ...(placed.status === undefined ? {} : { status: placed.status }),
      greeting: placed.greeting,
      notes: [...notes, ...placed.notes],
    };
  }
  const running = await runningPhone(settings);
  // What is not running now may be, when the call is due.
  if (!isToOwner && line.carrier !== "stepone" && running?.speaksToOthers === false) throw mute(running);
  const call = await composeCall(words, { rest: calls.placer, line, config });
  refuseTooMuchAtFirst(call);
  const id = await withStore(settings, async (store) => {
    const outreach = { what: "call", line: line.name, to: call.to ?? null, isToOwner, at: dueAt } as const;
    // Said now, and not when it is due.
    await checkLimits(outreach, { store, config });
    return await planCall(store, {
      line: line.name,
      carrier: line.carrier,
      callee: call.to ?? null,
      purpose: call.purpose,
      greeting: call.greeting,
      context: call.context,
      askedIn: words.askedIn,
      dueAt,
    });
  });
  const isRunning = using.isRunning === true || running !== undefined;
  return {
    ...answer,
    id,
    state: "planned",
    greeting: call.greeting,
    dueAt: dueAt.toISOString(),
    notes: isRunning
      ? notes
      : [...notes, "Nothing is running that will place it: start the gateway (openclaw gateway start)."],
  };
}

/** Whether "me" was written where a number could stand. */
export function isOwner(written: string): boolean {
  return written.normalize("NFKC").trim().toLowerCase() === OWNER;
}

/** What StepOne's AI should have been told and was not, as a note. */
async function missing(request: RequestedCall): Promise<string[]> {
  const { missingParts } = await import("../carriers/stepone/requirement.ts");
  const written = [request.objective, request.context, request.greeting].filter(Boolean).join("\n");
  const complaint = complaintAbout(missingParts(written));
  return complaint === undefined ? [] : [`${complaint}: the more exact it is, the better the call.`];
}

/** A call that was placed, and what it was begun with. */
export interface PlacedOn extends PlacedCall {
  /** What leads the call: its purpose, or the first words. */
  readonly lead: string;
  /** What the person who asked should know, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Places a call on a line and writes it down first.
 *
 * @throws what `placeCall` throws; CallNotUnderstood; NoVoice when nobody could speak on the call.
 */
export async function placeOn(
  { line, calls }: { readonly line: UsableLine; readonly calls: LineCalls },
  request: CallRequest,
  settings: CallSettings,
  using: RequestUsing = {},
): Promise<PlacedOn> {
  const { config } = settings;
  refuseTooLong([
    ["purpose", request.purpose],
    ["context", request.context],
    ["greeting", request.greeting],
  ]);
  const to = request.to === undefined ? undefined : await dialable(request.to, config);
  const purpose = request.purpose?.trim();
  const isToOther = to !== undefined && !config.ownerNumbers.includes(to);
  if (isToOther && calls.isLedByPurpose && !purpose) {
    throw new CallNotUnderstood(
      `A call to somebody else on the line "${line.name}" needs to know what it is to reach: say it with --purpose.`,
    );
  }
  refuseTooMuchAtFirst(await composeCall(request, { rest: calls.placer, line, config }));
  const notes = line.carrier === "stepone" ? [] : await withVoice({ ...request, isToOther }, settings, using);
  const placed = await withStore(settings, (store) =>
    placeCall(request, {
      store,
      rest: calls.placer,
      line,
      config,
      announce: async (call) => {
        const { announceCall } = await import("../lines/gateway-phone.ts");
        // Where no gateway answers, the first words on the call bring it.
        await announceCall(config, { line: line.name, ...call }).catch(() => {});
      },
    }),
  );
  return { ...placed, lead: isToOther && calls.isLedByPurpose && purpose ? purpose : placed.greeting, notes };
}

/** Nobody could speak on the call. The message is for people. */
export class NoVoice extends Error {
  override readonly name = "NoVoice";
}

/**
 * Whether somebody speaks on a call that the carrier's own AI does not lead. Somebody else is not rung for silence; the
 * owner at least hears the first words.
 *
 * @returns what the owner should know.
 * @throws NoVoice
 */
async function withVoice(
  call: { readonly isToOther: boolean; readonly allowFollowup?: boolean | undefined },
  settings: CallSettings,
  using: RequestUsing,
): Promise<readonly string[]> {
  const running = await runningPhone(settings);
  if (running === undefined) {
    if (using.isRunning === true) return [];
    if (call.isToOther) {
      throw new NoVoice(
        "Nothing is running that could speak for you on this call: start the gateway (openclaw gateway start).",
      );
    }
    return call.allowFollowup === false
      ? []
      : [
          "Nothing is running that could answer you on this call: start the gateway (openclaw gateway start).",
        ];
  }
  if (call.isToOther && !running.speaksToOthers) throw mute(running);
  return [];
}

/** Why what is running does not speak for the owner. */
function mute({ by }: RunningPhone): NoVoice {
  return new NoVoice(
    by === "connector"
      ? "Calls to others need the Switchboard plugin in the gateway (see SETUP.md): without it nobody could speak for you on this call."
      : 'The gateway does not let Switchboard take part in conversations, so nobody could speak for you on this call: run "openclaw config set plugins.entries.switchboard.hooks.allowConversationAccess true".',
  );
}

/** More than a person says of a call; the services take less than a book. In characters. */
const LONGEST_TEXT = 10_000;
/** More than anybody listens to; ClawdTalk wants less than 2,000 characters (wire page). */
const LONGEST_FIRST_WORDS = 2_000;

/** @throws CallNotUnderstood naming the text that is too long. */
function refuseTooLong(texts: readonly (readonly [name: string, text: string | undefined])[]): void {
  for (const [name, text] of texts) {
    if (text === undefined || text.length <= LONGEST_TEXT) continue;
    throw new CallNotUnderstood(
      `The ${name} has ${text.length} characters, and ${LONGEST_TEXT} are the most: make it shorter.`,
    );
  }
}

/** @throws CallNotUnderstood */
function refuseTooMuchAtFirst({ greeting }: Pick<ComposedCall, "greeting">): void {
  if (greeting.length < LONGEST_FIRST_WORDS) return;
  throw new CallNotUnderstood(
    `What is said first has ${greeting.length} characters, and it has to be less than ${LONGEST_FIRST_WORDS}: say the gist first (--greeting), and the rest when you are asked.`,
  );
}
