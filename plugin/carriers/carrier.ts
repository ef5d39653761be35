/**
 * Owns the one narrow interface between a carrier (a phone service) and the rest of Switchboard.
 * A vendor's words stop in the vendor's folder: here a call is a call and a text is a text.
 */

/** What a carrier can do. Declared by each carrier, never guessed by the code that uses it. */
export interface CarrierCapabilities {
  /** Text can be spoken while the answer is still being made. */
  readonly partialSpeech: boolean;
  /** The carrier tells when a call ended. */
  readonly callEnd: boolean;
  /** Requests of one call that arrive this close together (milliseconds) are siblings; 0 means never. */
  readonly siblingWindowMs: number;
  /** Texts can be sent and received. */
  readonly texts: boolean;
  /** Calls can be placed. */
  readonly outboundCalls: boolean;
  /** A newer request of a call takes the place of the one before: only the newest can be answered. */
  readonly newestRequestOnly: boolean;
  /** An answer can end the call once it was heard. */
  readonly endsCallWithAnswer: boolean;
}

export type CallDirection = "inbound" | "outbound";

/** One request for words on a call: the caller said something and waits for the agent. */
export interface TurnAddress {
  /** The carrier's id of the call. */
  readonly callId: string;
  /** The carrier's id of this request; an answer is only ever given to the request it belongs to. */
  readonly requestId: string;
}

/**
 * What a request for words is about, as its wire form says. What kind of call it belongs to is decided from facts
 * (`CallRecord`, our own store), never from this: a person can say anything.
 */
export type TurnContent =
  /** Somebody speaks. */
  | { readonly kind: "speech"; readonly words: string }
  /** A scheduled call was answered: the briefing's task. */
  | { readonly kind: "briefing"; readonly task: string }
  /** A call to a third party was answered: the agent speaks first. */
  | { readonly kind: "thirdPartyOpening"; readonly objective: string; readonly context: string }
  /** The third party speaks. */
  | { readonly kind: "thirdPartySpeech"; readonly words: string };

/** One request for words, with the whole of it as it came: what counts when the call is not of that kind. */
export type CarrierTurn = TurnAddress & TurnContent & { readonly asWritten: string };

/** One line of a call, as the carrier wrote it down. Their words, not ours. */
export interface TranscriptLine {
  readonly speaker: "agent" | "other";
  readonly words: string;
}

/** What a call was for, as the carrier's records say. */
export type CallPurpose = "conversation" | "callback" | "briefing" | "thirdParty";

/** What the carrier's records say of a call. */
export interface CallRecord {
  readonly callId: string;
  readonly direction?: CallDirection;
  readonly purpose?: CallPurpose;
  /** As the carrier gave it; compare only after normalising to E.164. */
  readonly from?: string;
  readonly to?: string;
  /** In the carrier's words. */
  readonly status?: string;
  readonly isOver: boolean;
  readonly durationSeconds?: number;
  /** As the carrier writes it. */
  readonly cost?: string;
  readonly transcript?: readonly TranscriptLine[];
}

/** A carrier that can be asked about its calls. Throws a `CarrierError` when it does not answer. */
export interface CallRecords {
  /** Undefined when there is no record of this call (yet). */
  find(callId: string, wanted?: { readonly transcript: boolean }): Promise<CallRecord | undefined>;
}

export interface CallOutcome {
  readonly callId: string;
  readonly direction?: CallDirection;
  readonly durationSeconds?: number;
  /** Why the call ended, in the carrier's words ("user_hangup", "amd_silence", …). */
  readonly reason?: string;
  /** "voicemail", "voicemail_failed", "no_answer", "fax", … */
  readonly outcome?: string;
  readonly toNumber?: string;
  readonly purpose?: string;
  readonly greeting?: string;
  readonly voicemailMessage?: string;
  /** What the call was for, where the carrier's records say it. */
  readonly recordedAs?: CallPurpose;
  /** What was said, where the carrier tells it. */
  readonly transcript?: readonly TranscriptLine[];
  /** As the carrier writes it. */
  readonly cost?: string;
}

/** A carrier that leads its calls itself: what is said on them can be followed. */
export interface CallFollowing {
  /**
   * Follows a call to its end.
   *
   * @param given.onLine told each thing said, with its position in the conversation, from 1; after a restart from the
   *   beginning again.
   * @returns how the call ended.
   * @throws CarrierError when that cannot be found out now.
   * @throws the signal's reason.
   */
  follow(
    callId: string,
    given: {
      readonly signal: AbortSignal;
      onLine(line: TranscriptLine & { readonly position: number }): void;
    },
  ): Promise<Omit<CallOutcome, "callId" | "direction">>;
}

export interface InboundText {
  readonly messageId: string;
  /** As the carrier gave it; compare only after normalising to E.164. */
  readonly from: string;
  readonly body: string;
}

/** What a carrier says of a mission's call or text by itself. Only news: what counts is what it answers when it is asked. */
export interface MissionNews {
  readonly name:
    | "mission.call_started"
    | "mission.call_completed"
    | "mission.call_failed"
    | "mission.insights_ready"
    | "mission.sms_delivered"
    | "mission.sms_received";
  /** The carrier's, as all ids here. */
  readonly missionId: string;
  readonly stepId?: string;
  readonly conversationId?: string;
  /** As the carrier gave them. */
  readonly from?: string;
  readonly to?: string;
  /** What was said, in the carrier's words. */
  readonly transcript?: readonly { readonly role: string; readonly content: string }[];
  /** The text that came. */
  readonly text?: string;
  /** What was learned. */
  readonly summary?: string;
  /** How the call ended, or how the text fared. */
  readonly reason?: string;
  /** Seconds. */
  readonly durationSec?: number;
}

/** The carrier's calls into Switchboard. None of them may throw; all return at once. */
export interface CarrierListener {
  /** A call is being set up and the carrier asks for the agent's context. */
  onCallSetup(call: { callId: string }): void;
  onCallStarted(call: { callId: string; direction?: CallDirection }): void;
  /** The agent is asked for words: mostly because somebody has spoken. */
  onTurn(turn: CarrierTurn): void;
  onCallEnded(outcome: CallOutcome): void;
  /** A call to a third party, known by the carrier's id of the order to place it, is over. */
  onOrderCompleted(order: { jobId: string; status?: string; transcript: readonly TranscriptLine[] }): void;
  onText(text: InboundText): void;
  /** Push-to-talk: one transcript, one reply by `answerWalkie`. The session key is a hint from outside. */
  onWalkie(request: { requestId: string; words: string; sessionKey?: string }): void;
  onApproval(answer: { requestId: string; decision: string }): void;
  onMissionNews(news: MissionNews): void;
  /** The line's connection changed: said in the log and in `status`. */
  onStatus(status: LineStatus): void;
}

export type LineState = "starting" | "connected" | "reconnecting" | "stopped" | "refused";

export interface LineStatus {
  readonly state: LineState;
  /** One clear sentence for people: what happened and, if something is wrong, what to do next. */
  readonly detail: string;
  /** One clear sentence: what is wrong although the line is connected. */
  readonly problem?: string;
  /** UTC ISO 8601. */
  readonly since: string;
  /** Counters since start: unknown events, unreadable frames, reconnects, duplicates, take-overs. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What is spoken on the calls of a line, and told to the carrier about them. */
export type CallVoice = Pick<Carrier, "capabilities" | "speak" | "answer" | "sendContext" | "greet">;

/** A live connection to a carrier for one line. */
export interface Carrier {
  readonly name: string;
  readonly capabilities: CarrierCapabilities;
  /** Connects and keeps connected until `stop`. */
  start(listener: CarrierListener): void;
  /** Ends the connection cleanly; resolves when the socket is closed and no timer is left. */
  stop(): Promise<void>;
  status(): LineStatus;

  /**
   * Speaks a piece of the answer at once. Returns false when it could not be handed to the carrier
   * (no connection): the caller keeps the text for the answer. Never queued, since late speech is wrong speech.
   */
  speak(turn: TurnAddress, text: string): boolean;
  /**
   * Ends a turn: exactly one per request, never empty (an empty text throws). Kept and sent after a
   * reconnect when the connection is down, for at most `RESULT_LIFETIME_MS`. Where `newestRequestOnly` holds, the
   * answer to a request that a newer one has replaced is dropped, whenever that turns out. `endCall` hangs up
   * after it was heard, where `endsCallWithAnswer` holds; elsewhere it is ignored.
   */
  answer(turn: TurnAddress, text: string, how?: { readonly endCall: boolean }): void;
  sendContext(callId: string, context: { memory: string; systemPrompt: string }): void;
  /** Speaks the greeting. Returns false when there is no connection. */
  greet(callId: string, text: string): boolean;
  answerWalkie(requestId: string, reply: { text: string } | { error: string }): void;
}
