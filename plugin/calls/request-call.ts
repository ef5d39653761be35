/**
 * Owns what happens when somebody asks for a call, by command or by the agent's tool: the number is looked at, the line
 * that can do it is chosen, and the call is placed, or planned for later. One way, whatever the carrier.
 */
import { complaintAbout } from "../carriers/stepone/requirement-complaint.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { E164 } from "../config/phone-number.ts";
import type { CarrierName, SwitchboardConfig } from "../config/schema.ts";
import type { LineCalls } from "../lines/line-calls.ts";
import { planCall } from "../store/calls.ts";
import { closeStore, openStore, type Store } from "../store/database.ts";
import { chooseRoute, NoRoute, type Route } from "./choose-route.ts";
import { dialable } from "./dial-policy.ts";
import { dueTime } from "./due-time.ts";
import { type CallRequest, composeCall, type PlacedCall, placeCall } from "./place-call.ts";
import { isConnectorRunning, runningPhone } from "./running-phone.ts";

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

/** What a process that runs the lines itself knows better. */
export interface RequestUsing {
  /** Something is running that places planned calls. */
  readonly isRunning?: boolean;
}

/**
 * Places a call, or plans one.
 *
 * @throws CallNotUnderstood, NotDialable, BadTime before anything is asked or written.
 * @throws NoRoute, NoUsableLine, CarrierError; an Error in a sentence when nobody could speak on the call.
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
  const asked = isOwner(request.to) ? undefined : await dialable(request.to, config);
  const isToOwner = asked === undefined || config.ownerNumbers.includes(asked);
  const dueAt = request.at === undefined ? undefined : dueTime(request.at, new Date());
  const { to, line, calls, why } = await routeOf(request, { to: asked, isToOwner }, config);
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
    const placed = await placeOn({ line, calls }, words, settings);
    return {
      ...answer,
      id: placed.id,
      state: "placed",
      callId: placed.callId,
      ...(placed.status === undefined ? {} : { status: placed.status }),
      greeting: placed.greeting,
      notes,
    };
  }
  if (!isToOwner) await refuseWithoutVoice(line, settings);
  const call = await composeCall(words, { rest: calls.placer, line, config });
  const id = await withStore(settings, (store) =>
    planCall(store, {
      line: line.name,
      carrier: line.carrier,
      callee: call.to ?? null,
      purpose: call.purpose,
      greeting: call.greeting,
      context: call.context,
      askedIn: words.askedIn,
      dueAt,
    }),
  );
  const isRunning = using.isRunning ?? (await runningPhone(settings)) !== undefined;
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

/**
 * The line the call goes over, and the number it goes to. Where only a carrier that has no phone of the owner's on record
 * can ring them, it is told one of their numbers.
 *
 * @throws NoRoute, NoUsableLine, CarrierError
 */
async function routeOf(
  { carrier, line }: Pick<RequestedCall, "carrier" | "line">,
  call: { readonly to: E164 | undefined; readonly isToOwner: boolean },
  config: SwitchboardConfig,
): Promise<Route & { readonly to: E164 | undefined }> {
  const using = { config };
  const wish = { what: "call", ...call, carrier, line } as const;
  try {
    return { ...(await chooseRoute(wish, using)), to: call.to };
  } catch (error) {
    if (!(error instanceof NoRoute) || call.to !== undefined) throw error;
    for (const to of config.ownerNumbers) {
      const route = await chooseRoute({ ...wish, to }, using).catch(() => undefined);
      if (route !== undefined) return { ...route, to };
    }
    throw error;
  }
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
}

/**
 * Places a call on a line and writes it down first.
 *
 * @throws what `placeCall` throws; CallNotUnderstood, or Error in a sentence when nobody could speak on the call.
 */
export async function placeOn(
  { line, calls }: { readonly line: UsableLine; readonly calls: LineCalls },
  request: CallRequest,
  settings: CallSettings,
): Promise<PlacedOn> {
  const { config } = settings;
  const to = request.to === undefined ? undefined : await dialable(request.to, config);
  const purpose = request.purpose?.trim();
  const isToOther = to !== undefined && !config.ownerNumbers.includes(to);
  if (isToOther && calls.isLedByPurpose && !purpose) {
    throw new CallNotUnderstood(
      `A call to somebody else on the line "${line.name}" needs to know what it is to reach: say it with --purpose.`,
    );
  }
  if (isToOther) await refuseWithoutVoice(line, settings);
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
  return { ...placed, lead: isToOther && calls.isLedByPurpose && purpose ? purpose : placed.greeting };
}

/**
 * The background process of a skill-only install serves the owner alone: on a call to somebody else nobody could speak,
 * except where the carrier's own AI does.
 *
 * @throws Error in a sentence, when that process holds the lines.
 */
async function refuseWithoutVoice(line: UsableLine, { stateFolder }: CallSettings): Promise<void> {
  if (line.carrier === "stepone" || !(await isConnectorRunning(stateFolder))) return;
  throw new Error(
    "Calls to others need the Switchboard plugin in the gateway (see SETUP.md): without it nobody could speak for you on this call.",
  );
}

async function withStore<Result>(
  { stateFolder }: CallSettings,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(stateFolder);
  try {
    return await work(store);
  } finally {
    await closeStore(store);
  }
}
