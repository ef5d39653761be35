/**
 * Owns what sessions are told beside the words spoken in them: a notice stands before the words of the session's next turn,
 * and again before those of the one after, until a turn that had it has come to its end. (The gateway's own next-turn
 * injections are gone when a turn that took them is broken off, by the caller or by a message that comes in.)
 *
 * Kept process-wide: who leaves a notice and the hook that hands it over are different module instances.
 */
import { lastAnswer } from "./last-answer.ts";
import { phoneRuns } from "./phone-runs.ts";

/** Something a session is to be told. */
export interface OwnerNotice {
  readonly text: string;
  /** A turn that had it has come to its end. Never throws. */
  onTold(): void;
  /** A turn that had it was broken off, or brought nothing. Never throws. */
  onLost?(): void;
}

interface PendingNotice extends OwnerNotice {
  /** The turns whose model was asked with it. */
  readonly runs: Set<string>;
}

/** The notices of each session, by what they are about. */
export type PendingNotices = Map<string, Map<string, PendingNotice>>;

/**
 * Leaves a notice for a session; one about the same thing is replaced.
 *
 * @returns takes it back.
 */
export function leaveNotice(sessionKey: string, about: string, notice: OwnerNotice): () => void {
  const { notices } = phoneRuns();
  const own = notices.get(sessionKey) ?? new Map<string, PendingNotice>();
  notices.set(sessionKey, own);
  const pending = { ...notice, runs: new Set<string>() };
  own.set(about, pending);
  return () => {
    if (own.get(about) === pending) forget(sessionKey, about);
  };
}

function forget(sessionKey: string, about: string): void {
  const { notices } = phoneRuns();
  const own = notices.get(sessionKey);
  own?.delete(about);
  if (own?.size === 0) notices.delete(sessionKey);
}

/** Where the gateway runs a session's event turns apart (`heartbeat.isolatedSession`), their key ends like this. */
const APART = /(?::heartbeat)+$/;

/** The key of the session whose notices a turn with this one has. */
function sessionOf(sessionKey: string): string {
  return sessionKey.replace(APART, "");
}

function pendingIn(sessionKey: string): Map<string, PendingNotice> | undefined {
  return phoneRuns().notices.get(sessionOf(sessionKey));
}

/** What the session's next turn is to be told. */
export function noticesFor(sessionKey: string): readonly string[] {
  return [...(pendingIn(sessionKey)?.values() ?? [])].map(({ text }) => text);
}

/**
 * The model is asked with this prompt: only now is it known to have what a turn was given.
 *
 * @returns whether it has any.
 */
export function modelAsked(sessionKey: string, runId: string, prompt: string): boolean {
  let hasAny = false;
  for (const { text, runs } of pendingIn(sessionKey)?.values() ?? []) {
    if (prompt.includes(text)) runs.add(runId);
    else runs.delete(runId);
    hasAny ||= runs.has(runId);
  }
  return hasAny;
}

/** A turn has ended: what it was told is told, or stays to be told. */
export function turnEnded(sessionKey: string, runId: string, isWell: boolean): void {
  for (const [about, notice] of [...(pendingIn(sessionKey) ?? [])]) {
    if (!notice.runs.delete(runId)) continue;
    if (!isWell) {
      notice.onLost?.();
      continue;
    }
    forget(sessionOf(sessionKey), about);
    notice.onTold();
  }
}

/** What an event turn says when it has nothing to say. */
const NOTHING = /^\s*(?:HEARTBEAT_OK|NO_REPLY)\s*$/;

/**
 * Whether a turn has come to its end with an answer. The gateway calls a turn a success although the model failed in it
 * (seen: `success` true, the last message with `stopReason` "error"), and tries again with the same run id.
 */
export function endedWell({
  success,
  messages,
}: {
  success: boolean;
  messages: readonly unknown[];
}): boolean {
  const last = lastAnswer(messages);
  if (!success || last === undefined) return success;
  if (last.stopReason === "error" || last.stopReason === "aborted") return false;
  return !last.texts.some((text) => NOTHING.test(text));
}
