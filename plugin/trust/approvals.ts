/**
 * Owns asking the owner on their phone whether something may be done, and how the answer is found. The store is where
 * every answer is heard: the line that hears the carrier's event writes it down, in whatever process it runs, and
 * whoever waits looks there; the carrier itself is asked now and then, for a connection may be lost. The first answer
 * to a request counts, and only one to that very request. Whatever fails means no.
 */
import { setTimeout as delay } from "node:timers/promises";
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import type { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { quoteOutside, withoutSecrets } from "../config/redaction.ts";
import { type Log, messageOf } from "../log.ts";
import {
  APPROVAL_ANSWERS,
  type ApprovalAnswer,
  type ApprovalStatus,
  approvalAsked,
  decideApproval,
  findApproval,
  intendApproval,
  type KnownApproval,
} from "../store/approvals.ts";
import type { Store } from "../store/database.ts";
import { visible } from "./quotation.ts";

export type { ApprovalAnswer } from "../store/approvals.ts";

/** What the owner is asked. */
export interface ApprovalWish {
  /** What is to be done, as the owner reads it: "Delete the repository test-repo". */
  readonly action: string;
  readonly details?: string | undefined;
  /** A fingerprint or face is needed to say yes. */
  readonly biometric: boolean;
  readonly timeoutSeconds: number;
}

export interface ApprovalUsing {
  readonly line: Pick<UsableLine<"clawdtalk">, "name" | "apiKey">;
  readonly rest: Pick<ClawdTalkRest, "requestApproval" | "getApproval">;
  readonly store: Store;
  /** What the question must not name, beside the line's own key. */
  readonly secrets?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; only differences count. The platform's own unless given, and likewise `sleep`. */
  readonly now?: () => number;
  /** @throws when the signal is aborted */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** A question that has its answer. */
export interface AnsweredApproval {
  /** Ours. */
  readonly id: string;
  readonly answer: ApprovalAnswer;
  /** Why it could not be found out, in a sentence: with `error`. */
  readonly problem?: string;
}

/** A question that was sent. */
export interface SentApproval {
  /** Ours. */
  readonly id: string;
  readonly status: ApprovalStatus;
  /** How many phones were told, where the carrier says it. */
  readonly devicesNotified?: number;
  /** Why it could not be sent, in a sentence: with `error`. */
  readonly problem?: string;
}

/** Between two looks into the store, where an answer that a line has heard stands at once. */
const STORE_EVERY_MS = 150;
/** Between two questions to the carrier, for a person who is waiting. */
const CARRIER_EVERY_MS = 2_000;
/** The carrier's own "expired" comes a moment after the time is over; then we stop without it. */
const LATE_ANSWER_MS = 3_000;
const LAST_LOOK_MS = 500;
/** Whoever sends a question knows within this time whether it went. */
const SENDING_MS = 60_000;
/** What the carrier still has as pending so long after its end is not answered any more. */
const LONG_OVER_MS = 60_000;

/**
 * Asks the owner and waits for the answer. Never rejects: whatever fails is the answer `error`, as is a signal that says
 * not to wait any longer.
 */
export async function requestApproval(wish: ApprovalWish, using: ApprovalUsing): Promise<AnsweredApproval> {
  const id = using.store.newId();
  try {
    const { status, problem } = await sendAs(id, wish, using);
    if (status === "pending") return await awaitApproval(id, wish, using);
    return { id, answer: status, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    const problem = using.signal?.aborted ? "It was not waited for any longer." : messageOf(error);
    // An answer that comes later finds nobody.
    await decideApproval(using.store, { id }, { answer: "error", by: "here" }).catch(() => false);
    return { id, answer: "error", problem };
  }
}

/**
 * Asks the owner without waiting.
 *
 * @throws an Error in a sentence when it cannot be written down; then nobody was asked, or their answer counts for nothing.
 */
export async function sendApproval(wish: ApprovalWish, using: ApprovalUsing): Promise<SentApproval> {
  return await sendAs(using.store.newId(), wish, using);
}

async function sendAs(id: string, wish: ApprovalWish, using: ApprovalUsing): Promise<SentApproval> {
  const { line, rest, store, signal } = using;
  const secrets = [line.apiKey, ...(using.secrets ?? [])];
  const action = shown(wish.action, secrets);
  const details = wish.details === undefined ? undefined : shown(wish.details, secrets);
  const expiresAt = new Date(store.now().getTime() + wish.timeoutSeconds * 1_000);
  await intendApproval(store, {
    id,
    line: line.name,
    action,
    details,
    isBiometric: wish.biometric,
    expiresAt,
  });
  const failed = async (problem: string): Promise<SentApproval> => {
    await decideApproval(store, { id }, { answer: "error", by: "here" });
    return { id, status: "error", problem };
  };
  if (action === "") return await failed("There is nothing to ask about: say what is to be done.");
  if (signal?.aborted) return await failed("Nobody was asked: it was not wanted any more.");
  try {
    const asked = await rest.requestApproval(
      { action, details, isBiometric: wish.biometric, expiresInSeconds: wish.timeoutSeconds },
      signal,
    );
    const isOwn = await approvalAsked(store, id, {
      requestId: asked.requestId,
      expiresAt: dateIn(asked.expiresAt),
    });
    if (!isOwn) return await failed("ClawdTalk took this question for another one: ask again.");
    const answer = answerIn(asked.status);
    if (answer !== undefined) await decideApproval(store, { id }, { answer, by: "carrier" });
    return {
      id,
      status: answer ?? "pending",
      ...(asked.devicesNotified === undefined ? {} : { devicesNotified: asked.devicesNotified }),
    };
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    return await failed(error.message);
  }
}

/**
 * Waits for the answer to a question that was sent just now.
 *
 * @param id ours.
 * @throws the signal's reason; the question then stays open, and its answer is written down when it comes.
 * @throws an Error in a sentence when the store cannot be read or written.
 */
export async function awaitApproval(
  id: string,
  { timeoutSeconds }: Pick<ApprovalWish, "timeoutSeconds">,
  using: ApprovalUsing,
): Promise<AnsweredApproval> {
  const { store, now = () => performance.now(), sleep = pause } = using;
  using.signal?.throwIfAborted();
  const over = new AbortController();
  const signal = using.signal === undefined ? over.signal : AbortSignal.any([using.signal, over.signal]);
  const endsAt = now() + timeoutSeconds * 1_000;
  /** Why the carrier's last answer cannot be relied on; undefined when it said how the question stands. */
  let trouble: string | undefined = "ClawdTalk did not say in time how the question stands.";

  const answered = async (): Promise<ApprovalAnswer> => {
    for (;;) {
      const { status } = await written(store, id);
      if (status !== "pending") return status;
      await sleep(STORE_EVERY_MS, signal);
    }
  };
  const asking = async (): Promise<void> => {
    // At once for the first time: an answer may have been told before anybody knew whose it is.
    for (;;) {
      const look = await lookUp(await written(store, id), { ...using, signal });
      trouble = look.problem;
      if (look.is === "refused") await decideApproval(store, { id }, { answer: "error", by: "here" });
      if (look.is !== "open") return;
      const leftMs = endsAt - now();
      await sleep(leftMs > 0 ? Math.min(CARRIER_EVERY_MS, leftMs + LAST_LOOK_MS) : LAST_LOOK_MS, signal);
    }
  };
  const givingUp = async (): Promise<void> => {
    await sleep(endsAt + LATE_ANSWER_MS - now(), signal);
    await decideApproval(store, { id }, { answer: trouble === undefined ? "timeout" : "error", by: "here" });
  };
  try {
    // Each of them ends with the answer written down; which one it was that counted, the store knows.
    const answer = await Promise.race([answered(), asking().then(answered), givingUp().then(answered)]);
    return { id, answer, ...(answer === "error" && trouble !== undefined ? { problem: trouble } : {}) };
  } catch (error) {
    using.signal?.throwIfAborted();
    throw error;
  } finally {
    over.abort();
  }
}

/**
 * How a question stands that nobody may be waiting for: the carrier is asked when it is not answered.
 *
 * @returns with why the carrier could not be asked, if so.
 */
export async function refreshApproval(
  known: KnownApproval,
  using: Pick<ApprovalUsing, "rest" | "store" | "signal">,
): Promise<{ readonly approval: KnownApproval; readonly problem?: string }> {
  if (known.status !== "pending") return { approval: known };
  const { store } = using;
  const giveUp = (answer: ApprovalAnswer) => decideApproval(store, { id: known.id }, { answer, by: "here" });
  if (known.carrierRequestId === undefined) {
    // Whoever was sending it has died: it may be on the phone, and nobody knows under which id.
    const isLost = store.now().getTime() - known.createdAt.getTime() > SENDING_MS;
    if (isLost) await giveUp("error");
    return { approval: await written(store, known.id) };
  }
  const { is, problem } = await lookUp(known, using);
  const isLongOver = store.now().getTime() - known.expiresAt.getTime() > LONG_OVER_MS;
  if (is === "open" && problem === undefined && isLongOver) await giveUp("timeout");
  return { approval: await written(store, known.id), ...(problem === undefined ? {} : { problem }) };
}

/**
 * A line has heard an answer (`CarrierListener.onApproval`). The first one is written down, for whoever waits. Never
 * rejects.
 */
export async function approvalHeard(
  heard: { readonly line: string; readonly requestId: string; readonly decision: string },
  { store, log }: { readonly store: Store; readonly log: Log },
): Promise<void> {
  const { line, requestId, decision } = heard;
  const name = quoteOutside(requestId, [], 80);
  try {
    const known = answerIn(decision);
    // Somebody has answered, and nobody understands what.
    if (known === undefined) {
      log.warn(
        `Approval ${name} was answered with ${quoteOutside(decision, [], 40)}, which is taken as an error.`,
      );
    }
    const answer = known ?? "error";
    const counts = await decideApproval(
      store,
      { line, carrierRequestId: requestId },
      { answer, by: "event" },
    );
    if (counts) log.info(`Approval ${name}: ${answer}.`);
    else log.debug(`Approval ${name}: ${answer}, which changes nothing: not ours, or settled before.`);
  } catch (error) {
    log.error(`The answer to approval ${name} could not be written down: ${messageOf(error)}`);
  }
}

/** What whoever wanted to act has to do now. */
export const WHAT_TO_DO: Readonly<Record<ApprovalStatus, string>> = {
  approved: "Approved: do it now, and say when it is done.",
  denied: "Denied: do not do it, and say that you will not.",
  timeout: "Nobody answered in time: do not do it; ask whether to try again.",
  expired: "The question ran out before it was answered: do not do it; ask whether to try again.",
  no_devices: "There is no phone with ClawdTalk's app to ask on: do not do it, and say why.",
  no_devices_reached: "None of the owner's phones could be reached: do not do it, and say why.",
  error: "It could not be found out: do not do it, and say why.",
  pending: "Not answered yet: do not do it before it is approved.",
};

/**
 * Asks the carrier how a question stands and writes its answer down. Whatever goes wrong is the `problem`: "refused" when
 * asking again will not help.
 *
 * @throws what the store throws.
 */
async function lookUp(
  { id, carrierRequestId }: KnownApproval,
  { rest, store, signal }: Pick<ApprovalUsing, "rest" | "store" | "signal">,
): Promise<{ readonly is: "open" | "answered" | "refused"; readonly problem?: string }> {
  if (carrierRequestId === undefined) return { is: "open", problem: "ClawdTalk was not asked yet." };
  try {
    const { status } = await rest.getApproval(carrierRequestId, signal);
    // Another word than those known may well be one on the way to an answer.
    const answer = answerIn(status);
    if (answer === undefined) return { is: "open" };
    await decideApproval(store, { id }, { answer, by: "carrier" });
    return { is: "answered" };
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    // It may not know yet what it has just been told.
    const mayChange = !(error instanceof CarrierRefused) || error.isTransient || error.status === 404;
    return { is: mayChange ? "open" : "refused", problem: error.message };
  }
}

const DECISIONS: ReadonlyMap<string, ApprovalAnswer> = new Map(
  APPROVAL_ANSWERS.map((answer) => [answer, answer]),
);

/** Undefined for "pending", and for what is not known. Exactly as the wire page has them: a yes is nothing to guess. */
function answerIn(word: string | undefined): ApprovalAnswer | undefined {
  return word === undefined ? undefined : DECISIONS.get(word);
}

async function written(store: Store, id: string): Promise<KnownApproval> {
  const known = await findApproval(store, id);
  if (known === undefined) throw new Error(`The approval ${id} is not in the store any more: ask again.`);
  return known;
}

/**
 * Words as they may stand on the owner's phone: without secrets, and without what would hide or turn round a part of
 * what is agreed to.
 */
function shown(words: string, secrets: readonly string[]): string {
  const plain = withoutSecrets(words, secrets)
    .replace(/\r\n?/g, "\n")
    .replace(/(?![\n\t])[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, " ");
  return visible(plain).trim();
}

function dateIn(written: string | undefined): Date | undefined {
  const date = new Date(written ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal });
}
