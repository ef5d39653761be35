/**
 * Owns the port through which a turn reaches the agent, whatever the way: inside the gateway process
 * (`embedded.ts`) or over its HTTP interface for skill-only installs.
 */
import type { SpeakerSession } from "../trust/sessions.ts";

export interface AgentTurn {
  readonly session: SpeakerSession;
  /** The line the words came in on. */
  readonly line: string;
  /** The speaker's words, as the carrier transcribed them. */
  readonly words: string;
  /** The whole request as it came from the carrier; `words` when undefined. */
  readonly asWritten?: string;
  /** Our id of the call: turns of different calls never wait for each other. */
  readonly callId: string;
  /** Unique per run. */
  readonly runId: string;
  /** The speaker's language, BCP 47, for what is answered without the model; English when undefined. */
  readonly language?: string;
  /** Which of its call's turns this is, counted from 1; undefined outside calls. */
  readonly turnNumber?: number;
  /** It is certain that the owner speaks: more than a caller's number says so. */
  readonly isCertainlyOwner?: boolean;
  /** The agent may end the call: it is offered the tool `phone_end_call`. */
  readonly canEndCall?: boolean;
  /** Clear everyday questions may be answered without the model: these are the owner's own words on a call. */
  readonly quickAnswers?: boolean;
  /** Nobody says these words: they are a task of ours, and what the session is to be told waits for a person's. */
  readonly isTask?: boolean;
  /** What the agent is told about the call it is on; added to the system prompt. */
  readonly voiceContext: string;
  /** "provider/model"; the agent's own when undefined. */
  readonly model?: string;
  readonly thinking?: string;
  readonly timeoutMs: number;
}

/** What happens while the agent works. All calls return at once and never throw. */
export interface AgentTurnListener {
  /** The session is ours: no other turn of it is in front any more. */
  onStarted(): void;
  /** The text of the current message so far, from its beginning. */
  onText(cumulativeText: string): void;
  /** The current message is complete and another one follows (a tool is being used). */
  onMessageEnd(): void;
  onTool(toolName: string): void;
  /** The owner is being asked for a yes on their phone: the speaker waits. At most once in a turn. */
  onAskingOwner?(): void;
}

export type AgentAnswer =
  /** `text` is the last message; empty when the agent had nothing to say. */
  | {
      readonly kind: "answered";
      readonly text: string;
      /** The agent wants the call to end after this. */
      readonly endCall?: boolean;
    }
  | { readonly kind: "aborted" }
  /** `reason` is for the log, never for the caller's ear. */
  | {
      readonly kind: "failed";
      readonly reason: string;
      /** The gateway ends or begins again, and takes no turns for a moment. */
      readonly isRestarting?: boolean;
    };

export interface AgentPort {
  /** Runs one turn. Never rejects. */
  run(turn: AgentTurn, listener: AgentTurnListener, signal: AbortSignal): Promise<AgentAnswer>;
}
