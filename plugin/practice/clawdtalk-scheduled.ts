// Owns what is scheduled on a ClawdTalk practice account: calls and texts that happen at their time by the practice clock,
// whatever the person at the other end does, the events about them, and what is learned on them.
import type { Missions } from "./clawdtalk-missions.ts";
import type { ScheduledInput } from "./clawdtalk-missions-wire.ts";
import { missing, Refusal } from "./clawdtalk-routes.ts";
import type { EventName, ServerEvents } from "./clawdtalk-wire.ts";
import type { Clock } from "./driven-clock.ts";
import type { Waiting } from "./waiting.ts";

export interface PracticeEvent {
  readonly id: string;
  readonly assistant_id: string;
  readonly channel: "call" | "sms";
  readonly to: string;
  readonly from: string;
  /** ISO 8601, as the client wrote it. */
  readonly scheduled_at: string;
  readonly mission_id?: string | undefined;
  readonly run_id?: string | undefined;
  readonly step_id?: string | undefined;
  readonly text_body?: string | undefined;
  status: "pending" | "in_progress" | "completed" | "failed";
  call_status: "ringing" | "in-progress" | "completed" | "no-answer" | "busy" | "canceled" | "failed" | null;
  conversation_id: string | null;
  retry_count: number;
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

/** How the person at the other end of a scheduled call or text behaves. */
export type Fate =
  /** Answers after `ringMs` (default 5 s), speaks for `talkSeconds` (default 30). */
  | {
      readonly does: "answer";
      readonly ringMs?: number;
      readonly talkSeconds?: number;
      readonly transcript?: readonly { readonly role: string; readonly content: string }[];
      /** What the service learns; default: that they spoke. */
      readonly insight?: string;
      /** How long after the call it is known; default 10 s. */
      readonly insightAfterMs?: number;
      /** As one summary instead of the list of templates: the service does either (wire page). */
      readonly isSummary?: boolean;
    }
  /** A machine answers. */
  | { readonly does: "voicemail"; readonly ringMs?: number }
  /** Ends after `ringMs` (default 30 s). */
  | { readonly does: "no_answer" | "busy" | "failed" | "canceled"; readonly ringMs?: number }
  /** A text: arrives after `afterMs` (default 2 s), and may be answered a second later. */
  | { readonly does: "deliver"; readonly afterMs?: number; readonly reply?: string }
  /** Nothing ever comes of it. */
  | { readonly does: "hang" };

const UNANSWERED = {
  no_answer: "no-answer",
  busy: "busy",
  failed: "failed",
  canceled: "canceled",
} as const;

export interface ScheduledDesk {
  readonly clock: Clock;
  readonly waiting: Waiting;
  readonly missions: Missions;
  newId(kind: string): string;
  emit<Name extends EventName>(event: Name, fields: ServerEvents[Name], key: string): void;
}

interface Learned {
  readonly isSummary: boolean;
  /** Undefined as long as it is not known. */
  text: string | undefined;
}

/** "A time to schedule must lie at least one minute ahead." */
const AHEAD_MS = 60_000;

export class ScheduledEvents {
  readonly all: PracticeEvent[] = [];
  /** What the other end does; settable. Default: answers, and texts arrive. */
  onDue: (event: PracticeEvent) => Fate = ({ channel }) => ({
    does: channel === "call" ? "answer" : "deliver",
  });
  readonly #desk: ScheduledDesk;
  readonly #cancels = new Map<string, () => void>();
  readonly #learned = new Map<string, Learned>();

  constructor(desk: ScheduledDesk) {
    this.#desk = desk;
  }

  /** @throws Refusal when the time is too near, or there is no such assistant, mission, run or step. */
  schedule(assistantId: string, input: ScheduledInput, key: string): PracticeEvent {
    const { clock, missions } = this.#desk;
    const { id: assistant_id } = missions.assistants.find(assistantId);
    if (missions.numbers.all.length === 0) {
      throw new Refusal(
        403,
        "dedicated_number_required",
        "Calls to others need a paid account with a dedicated number.",
      );
    }
    if (input.mission_id !== undefined && input.run_id !== undefined) {
      missions.runOf(input.mission_id, input.run_id);
      if (input.step_id !== undefined) missions.stepOf(input.mission_id, input.run_id, input.step_id);
    }
    const dueAt = Date.parse(input.scheduled_at);
    if (dueAt < clock.now() + AHEAD_MS) {
      throw new Refusal(422, "too_soon", "scheduled_at must lie at least one minute ahead.");
    }
    const event: PracticeEvent = {
      id: this.#desk.newId("event"),
      assistant_id,
      ...input,
      status: "pending",
      call_status: null,
      conversation_id: null,
      retry_count: 0,
      created_at: new Date(clock.now()).toISOString(),
    };
    this.all.push(event);
    this.#in(event, dueAt - clock.now(), () => this.#begin(event, key));
    return event;
  }

  find(assistantId: string, eventId: string): PracticeEvent {
    this.#desk.missions.assistants.find(assistantId);
    return this.#find(assistantId, eventId) ?? missing(`event ${eventId}`);
  }

  of(assistantId: string): PracticeEvent[] {
    this.#desk.missions.assistants.find(assistantId);
    return this.all.filter(({ assistant_id }) => assistant_id === assistantId);
  }

  /** @throws Refusal when it is over. */
  remove(assistantId: string, eventId: string): void {
    const event = this.find(assistantId, eventId);
    if (event.status !== "pending") {
      throw new Refusal(409, "not_pending", `Event ${eventId} is ${event.status}.`);
    }
    this.#forget(event);
  }

  cancelAllOf(missionId: string): void {
    const pending = this.all.filter(
      ({ mission_id, status }) => mission_id === missionId && status === "pending",
    );
    for (const event of pending) this.#forget(event);
  }

  /** As `GET /missions/conversations/:id/insights` answers. */
  insights(conversationId: string): object {
    const learned = this.#learned.get(conversationId) ?? missing(`conversation ${conversationId}`);
    const { isSummary, text } = learned;
    if (isSummary && text !== undefined) {
      return {
        conversation_id: conversationId,
        summary: text,
        sentiment: "neutral",
        key_topics: [],
        action_items: [],
      };
    }
    return [
      text === undefined
        ? { status: "pending", conversation_insights: [] }
        : { status: "completed", conversation_insights: [{ result: text }] },
    ];
  }

  #find(assistantId: string, eventId: string): PracticeEvent | undefined {
    return this.all.find(({ id, assistant_id }) => id === eventId && assistant_id === assistantId);
  }

  #forget(event: PracticeEvent): void {
    this.#cancels.get(event.id)?.();
    this.all.splice(this.all.indexOf(event), 1);
  }

  #in(event: PracticeEvent, delayMs: number, action: () => void): void {
    const { clock, waiting } = this.#desk;
    const cancel = clock.at(clock.now() + delayMs, () => {
      action();
      waiting.changed();
    });
    this.#cancels.set(event.id, cancel);
  }

  #begin(event: PracticeEvent, key: string): void {
    const fate = this.onDue(event);
    event.status = "in_progress";
    if (event.channel === "sms") {
      this.#text(event, fate, key);
      return;
    }
    event.call_status = "ringing";
    if (fate.does === "hang") return;
    if (fate.does === "answer") {
      this.#in(event, fate.ringMs ?? 5_000, () => this.#answer(event, fate, key));
    } else if (fate.does === "voicemail") {
      this.#in(event, fate.ringMs ?? 20_000, () => {
        const machine = { role: "user", content: "Please leave a message after the tone." };
        this.#answer(event, { does: "answer", talkSeconds: 8, transcript: [machine] }, key, "voicemail");
      });
    } else {
      const outcome = fate.does === "deliver" ? "failed" : fate.does;
      const ringMs = fate.does === "deliver" ? undefined : fate.ringMs;
      this.#in(event, ringMs ?? 30_000, () => {
        event.call_status = UNANSWERED[outcome];
        this.#over(event, "failed");
        this.#tell(event, "mission.call_failed", { reason: outcome }, key);
      });
    }
  }

  #answer(
    event: PracticeEvent,
    fate: Extract<Fate, { does: "answer" }>,
    key: string,
    reason = "user_hangup",
  ): void {
    const { clock, newId } = this.#desk;
    const conversation = newId("conversation");
    const talkSeconds = fate.talkSeconds ?? 30;
    event.call_status = "in-progress";
    event.conversation_id = conversation;
    const learned: Learned = { isSummary: fate.isSummary ?? false, text: undefined };
    this.#learned.set(conversation, learned);
    this.#tell(event, "mission.call_started", {}, key);
    this.#in(event, talkSeconds * 1_000, () => {
      const timestamp = new Date(clock.now()).toISOString();
      const transcript = (fate.transcript ?? []).map((line) => ({ ...line, timestamp }));
      event.call_status = "completed";
      this.#over(event, "completed");
      this.#tell(event, "mission.call_completed", { duration_sec: talkSeconds, reason, transcript }, key);
      this.#in(event, fate.insightAfterMs ?? 10_000, () => {
        const summary = fate.insight ?? `${event.to} was spoken to.`;
        learned.text = summary;
        const { mission_id, step_id = "" } = event;
        if (mission_id === undefined) return;
        const fields = { mission_id, step_id, conversation_id: conversation, summary };
        this.#desk.emit("mission.insights_ready", fields, key);
      });
    });
  }

  #text(event: PracticeEvent, fate: Fate, key: string): void {
    if (fate.does === "hang") return;
    const isDelivered = fate.does === "deliver" || fate.does === "answer";
    const delayMs = fate.does === "deliver" ? fate.afterMs : undefined;
    this.#in(event, delayMs ?? 2_000, () => {
      this.#over(event, isDelivered ? "completed" : "failed");
      const status = isDelivered ? "delivered" : "failed";
      this.#tellText(event, "mission.sms_delivered", { status, errors: [] }, key);
      const reply = fate.does === "deliver" ? fate.reply : undefined;
      if (reply === undefined) return;
      this.#in(event, 1_000, () => {
        const message_id = this.#desk.newId("message");
        const thread_context = [{ role: "assistant", content: event.text_body ?? "" }];
        this.#tellText(event, "mission.sms_received", { text: reply, message_id, thread_context }, key);
      });
    });
  }

  #over(event: PracticeEvent, status: "completed" | "failed"): void {
    event.status = status;
    this.#desk.missions.eventOver(event);
  }

  #tell<Name extends "mission.call_started" | "mission.call_completed" | "mission.call_failed">(
    event: PracticeEvent,
    name: Name,
    further: Omit<ServerEvents[Name], keyof ServerEvents["mission.call_started"]>,
    key: string,
  ): void {
    const { mission_id, step_id = "", conversation_id, from, to } = event;
    if (mission_id === undefined) return;
    const fields = { mission_id, step_id, conversation_id: conversation_id ?? "", from, to, ...further };
    this.#desk.emit(name, fields as ServerEvents[Name], key);
  }

  #tellText<Name extends "mission.sms_delivered" | "mission.sms_received">(
    event: PracticeEvent,
    name: Name,
    further: Omit<ServerEvents[Name], "mission_id" | "step_id" | "conversation_id" | "from" | "to">,
    key: string,
  ): void {
    const { mission_id, step_id = "", from, to } = event;
    if (mission_id === undefined) return;
    // What comes back comes from the person.
    const ends = name === "mission.sms_received" ? { from: to, to: from } : { from, to };
    this.#desk.emit(name, { mission_id, step_id, ...ends, ...further } as ServerEvents[Name], key);
  }
}
