/**
 * Owns what sessions are told beside the words spoken in them: a notice stands before the words of the session's next turn,
 * and again before those of the one after, until a turn that had it has come to its end. (The gateway's own next-turn
 * injections are gone when a turn that took them is broken off, by the caller or by a message that comes in.)
 *
 * Kept process-wide: who leaves a notice and the hook that hands it over are different module instances.
 */
import { phoneRuns } from "./phone-runs.ts";

/** Something a session is to be told. */
export interface OwnerNotice {
  readonly text: string;
  /** A turn that had it has come to its end. Never throws. */
  onTold(): void;
  /** A turn that had it was broken off. Never throws. */
  onLost?(): void;
}

interface PendingNotice extends OwnerNotice {
  /** The turns that have it. */
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
    if (own.get(about) === pending) own.delete(about);
  };
}

/** What the turn with this run id is to be told. */
export function noticesFor(sessionKey: string, runId: string): readonly string[] {
  const pending = [...(phoneRuns().notices.get(sessionKey)?.values() ?? [])];
  for (const { runs } of pending) runs.add(runId);
  return pending.map(({ text }) => text);
}

/** A turn has ended: what it was told is told, or stays to be told. */
export function turnEnded(sessionKey: string, runId: string, isWell: boolean): void {
  const own = phoneRuns().notices.get(sessionKey);
  for (const [about, notice] of [...(own ?? [])]) {
    if (!notice.runs.delete(runId)) continue;
    if (!isWell) {
      notice.onLost?.();
      continue;
    }
    own?.delete(about);
    notice.onTold();
  }
}
