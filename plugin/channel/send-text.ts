/**
 * Owns sending a text: the one way for replies, scripts, command line and tools. Each message is written to the
 * outbox before it is sent; what a crash or a lost answer left open is settled by looking at what the carrier has.
 */
import { dialable } from "../calls/dial-policy.ts";
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import { withoutKeys } from "../carriers/without-keys.ts";
import { requirePhoneNumber } from "../config/phone-number.ts";
import { type SecretSettings, secretsOf } from "../config/redaction.ts";
import { isHttpUrl, type SwitchboardConfig } from "../config/schema.ts";
import { checkLimits, type LimitSettings } from "../limits/check-limits.ts";
import { LimitReached } from "../limits/limit-reached.ts";
import { messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import {
  intendText,
  knownCarrierMessageIds,
  markFailed,
  markReported,
  markSending,
  markSent,
  markUnsettled,
  type OutboxText,
  unfinishedTexts,
} from "../store/outbox.ts";
import { quotation } from "../trust/quotation.ts";
import { splitText } from "./split-text.ts";

/** What a carrier needs to offer for texts to be sent. Both throw a {@link CarrierError}. */
export interface TextCarrier {
  sendText(text: {
    readonly to: string;
    readonly body: string;
    readonly mediaUrls: readonly string[];
  }): Promise<{ readonly messageId: string }>;
  /** The newest first. */
  listTexts(wanted: {
    readonly contact: string;
    readonly direction: "outbound";
    readonly limit: number;
    readonly page: number;
  }): Promise<{ readonly texts: readonly CarriedText[]; readonly pages: number | undefined }>;
}

/** A text as the carrier knows it. */
interface CarriedText {
  readonly messageId: string;
  readonly to: string | undefined;
  readonly body: string;
  /** UTC ISO 8601. */
  readonly createdAt: string | undefined;
}

export interface TextRequest {
  readonly line: string;
  /** As a person writes it, with its country code. */
  readonly to: string;
  readonly body: string;
  readonly mediaUrls?: readonly string[];
  /** The carrier's id of the inbound text this answers. */
  readonly inReplyTo?: string;
  /**
   * True: the outbox sees to it that the text goes, after a lost answer, a failed network and a restart; when
   * it cannot, the owner is told.
   * False: whoever sends is told by an error and decides; nothing is sent later behind their back.
   */
  readonly resend: boolean;
}

/** What sending texts needs to know of the settings. */
export type TextConfig = Pick<SwitchboardConfig, "ownerNumbers" | "allowPremiumNumbers"> &
  LimitSettings &
  SecretSettings;

interface Using {
  readonly store: Store;
  readonly rest: TextCarrier;
  readonly config: TextConfig;
}

/** The text cannot be sent as it is. The message is for people. */
class NothingToSend extends Error {
  override readonly name = "NothingToSend";
}

/** Somebody else settled a message while its text was being sent. The message is for people. */
class TextNotSent extends Error {
  override readonly name = "TextNotSent";
}

/**
 * Sends a text, in several messages where it is long. Media go with the first one. No key goes with it, not spelled
 * either, whoever wrote it; what else is not to be told to whom it is for, whoever answers them knows.
 *
 * @returns the messages as they stand: `sent`, or with `resend` also `unsettled` and `planned`.
 * @throws NotAPhoneNumber, NotDialable, NothingToSend before anything is written or sent.
 * @throws LimitReached before anything is sent; the text is written down as failed, and why.
 * @throws CarrierRefused, and without `resend` CarrierUnreachable and TextNotSent: the rest of the text was not
 * sent.
 */
export async function sendText(request: TextRequest, using: Using): Promise<OutboxText[]> {
  const { store } = using;
  const to = requirePhoneNumber(request.to);
  // Numbers that are never called are never texted.
  await dialable(to, using.config);
  const mediaUrls = request.mediaUrls ?? [];
  const wrongUrl = mediaUrls.find((url) => !isHttpUrl(url));
  if (wrongUrl !== undefined) throw new NothingToSend(`${JSON.stringify(wrongUrl)} is not an http(s) URL.`);
  if (mediaUrls.some((url) => sendable(url, using.config) !== url)) {
    throw new NothingToSend("There is a key in the address of what is to be sent along.");
  }
  const bodies = splitText(sendable(request.body, using.config));
  if (bodies.length === 0 && mediaUrls.length === 0) throw new NothingToSend("The text is empty.");
  const texts = await intendText(store, {
    line: request.line,
    to,
    parts: (bodies.length === 0 ? [""] : bodies).map((body, index) => ({
      body,
      mediaUrls: index === 0 ? mediaUrls : [],
    })),
    ...(request.inReplyTo === undefined ? {} : { inReplyTo: request.inReplyTo }),
    resend: request.resend,
  });
  // Now that it is written down: of texts sent at the same time each sees those before it.
  await checkText(texts, using).catch(async (error: unknown) => {
    for (const text of texts) await markFailed(store, text.id, messageOf(error));
    throw error;
  });
  const done: OutboxText[] = [];
  for (const [index, text] of texts.entries()) {
    try {
      const now = await sendOne(text, using);
      if (now.state !== "sent" && !request.resend) {
        throw new TextNotSent(
          `Only ${index} of the ${texts.length} messages of the text to ${to} are known to be sent. Look at the texts with that number before sending the rest.`,
        );
      }
      done.push(now);
      // What comes after it must not overtake it.
      if (now.state !== "sent") return [...done, ...texts.slice(index + 1)];
    } catch (error) {
      for (const later of texts.slice(index + 1)) {
        await markFailed(store, later.id, EARLIER_PART_FAILED);
      }
      throw error;
    }
  }
  return done;
}

/**
 * Whether the limits let these messages of a text go.
 *
 * @throws LimitReached
 */
async function checkText(texts: readonly OutboxText[], { store, config }: Using): Promise<void> {
  const [first] = texts;
  if (first === undefined) return;
  // Numbers in the outbox are E.164: they were read before they were written there.
  const to = requirePhoneNumber(first.to);
  await checkLimits(
    {
      what: "text",
      line: first.line,
      to,
      isToOwner: config.ownerNumbers.includes(to),
      isReply: first.inReplyTo !== undefined,
      id: first.id,
      messages: texts.length,
    },
    { store, config },
  );
}

const EARLIER_PART_FAILED = "An earlier part of the text was not sent.";

/** What of a text's words may go out: no key, and no address of the account's, whoever wrote it. */
export function sendable(words: string, config: SecretSettings): string {
  return withoutKeys(words, secretsOf(config), "");
}

/** What became of the texts that were left open. */
export interface SettledTexts {
  /** Found at the carrier. */
  readonly found: number;
  readonly resent: number;
  /** Not sent, and not to be sent again. */
  readonly failed: number;
  readonly reported: number;
  /** Could not be looked into: next time. */
  readonly left: number;
}

/** A process that lives settles its own request within this time. */
const IN_FLIGHT_MS = 30_000;
/** How far the carrier's clock may be behind ours. */
const CLOCK_SKEW_MS = 120_000;
/**
 * The ages from which a message may be sent again. Each send is in a span of its own, the first one before them
 * all: so one message is sent three times at most.
 */
const RESEND_FROM_AGE_MS = [IN_FLIGHT_MS, 150_000];
/** An answer that comes later than this is worth less than knowing that it did not come. */
const GIVE_UP_AFTER_MS = 10 * 60_000;
const PAGE_SIZE = 100;
const MAXIMUM_PAGES = 5;

/**
 * Settles what was left open by a crash or a lost answer. A message found at the carrier under an id that is not
 * one of ours was sent; one that is not there was not, and is sent again if its request said so: at most twice,
 * and not once it is 10 minutes old. `report` tells the owner of what is given up then, and of a message of which
 * the carrier has more than we can explain.
 *
 * Call it at start and now and then. Never throws a {@link CarrierError}.
 */
export async function settleUnfinishedTexts(
  parameters: {
    readonly line: string;
    /** Tells the owner one sentence. */
    readonly report: (sentence: string) => void | Promise<void>;
  },
  using: Using,
): Promise<SettledTexts> {
  const { store } = using;
  const since = new Date(store.now().getTime() - IN_FLIGHT_MS);
  const open = await unfinishedTexts(store, parameters.line, since);
  const counts = { found: 0, resent: 0, failed: 0, reported: 0, left: 0 };
  for (const [to, texts] of Map.groupBy(open, (text) => text.to)) {
    const verdicts = await lookUp(to, texts, parameters.line, using);
    // Later messages of a text wait for the earlier ones, and are given up with them.
    const stopped = new Map<string, "left" | "failed">();
    for (const text of texts) {
      const earlier = stopped.get(text.textId);
      if (earlier === "failed") await markFailed(store, text.id, EARLIER_PART_FAILED);
      const remaining = texts.filter(({ textId, id }) => textId === text.textId && id >= text.id);
      const verdict = verdicts.get(text.id) ?? { kind: "notSent" };
      const outcome = earlier ?? (await settle(text, verdict, { ...parameters, remaining }, using));
      if (outcome === "left" || outcome === "failed") stopped.set(text.textId, outcome);
      else if (outcome === "reported" && isTooOld(text, store.now())) stopped.set(text.textId, "failed");
      counts[outcome] += 1;
    }
  }
  return counts;
}

/** What the carrier says about a message. */
type Verdict =
  | { readonly kind: "sent"; readonly carrierMessageId: string }
  | { readonly kind: "notSent" | "ambiguous" | "unknown" };

async function settle(
  text: OutboxText,
  verdict: Verdict,
  {
    report,
    remaining,
  }: {
    readonly report: (sentence: string) => void | Promise<void>;
    /** This message and those of its text that come after it. */
    readonly remaining: readonly OutboxText[];
  },
  using: Using,
): Promise<keyof SettledTexts> {
  const { store } = using;
  const now = store.now();
  switch (verdict.kind) {
    case "unknown":
      return text.resend && isTooOld(text, now) ? await giveUp(remaining, report, store) : "left";
    case "sent":
      await markSent(store, text.id, verdict);
      return "found";
    case "ambiguous":
      await report(
        `Nobody can tell whether this text to ${text.to} was sent: ${excerpt(text)}. Look at the texts with that number before sending it again.`,
      );
      await markReported(store, text.id, "The carrier has several messages that may be this one.");
      return "reported";
    case "notSent":
      if (!text.resend) {
        await markFailed(store, text.id, "The carrier does not have it.");
        return "failed";
      }
      if (isTooOld(text, now)) return await giveUp(remaining, report, store);
      if (text.state !== "planned" && sendSpan(text, now) === sendSpan(text, text.updatedAt)) return "left";
      try {
        // Whom it is for may have asked meanwhile not to be written to any more.
        await checkText([text], using);
        return (await sendOne(text, using)).state === "sent" ? "resent" : "left";
      } catch (error) {
        if (error instanceof LimitReached) await markFailed(store, text.id, error.message);
        else if (!(error instanceof CarrierError)) throw error;
        await report(`A text to ${text.to} could not be sent: ${excerpt(text)}. ${error.message}`);
        return "failed";
      }
  }
}

/** Sends a message no more, and tells the owner once of it and of what would have come after it. */
async function giveUp(
  remaining: readonly OutboxText[],
  report: (sentence: string) => void | Promise<void>,
  store: Store,
): Promise<"failed" | "reported"> {
  const [text] = remaining;
  if (text === undefined) throw new RangeError("There is no message to give up.");
  const words = quotation(`the text to ${text.to}`, remaining.map(({ body }) => body).join("\n\n"));
  const detail = "It was not known to be sent within 10 minutes.";
  if (text.state === "planned") {
    if (await markFailed(store, text.id, detail)) {
      await report(`A text to ${text.to} could not be sent within 10 minutes and was given up: ${words}`);
    }
    return "failed";
  }
  if (await markReported(store, text.id, detail)) {
    await report(
      `A text to ${text.to} may or may not have arrived, and is not sent again. Look at the texts with that number before sending it once more. It says: ${words}`,
    );
  }
  return "reported";
}

function isTooOld(text: OutboxText, at: Date): boolean {
  return at.getTime() - text.createdAt.getTime() >= GIVE_UP_AFTER_MS;
}

/** Which of a message's sends a moment belongs to: 0 for the first. */
function sendSpan(text: OutboxText, at: Date): number {
  const ageMs = at.getTime() - text.createdAt.getTime();
  return RESEND_FROM_AGE_MS.filter((fromMs) => ageMs >= fromMs).length;
}

/** Asks the carrier about the messages to one number whose requests were made. */
async function lookUp(
  to: string,
  texts: readonly OutboxText[],
  line: string,
  { store, rest }: Using,
): Promise<Map<number, Verdict>> {
  const verdicts = new Map<number, Verdict>();
  const asked = texts.filter((text) => text.state !== "planned");
  const oldest = Math.min(...asked.map((text) => text.createdAt.getTime()));
  if (asked.length === 0) return verdicts;
  let carried: Awaited<ReturnType<typeof listSince>>;
  try {
    carried = await listSince(oldest - CLOCK_SKEW_MS, to, rest);
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    for (const text of asked) verdicts.set(text.id, { kind: "unknown" });
    return verdicts;
  }
  const known = await knownCarrierMessageIds(
    store,
    line,
    carried.texts.map((text) => text.messageId),
  );
  for (const [body, same] of Map.groupBy(asked, (text) => comparable(text.body))) {
    const since = Math.min(...same.map((text) => text.createdAt.getTime())) - CLOCK_SKEW_MS;
    const candidates = carried.texts.filter(
      (text) =>
        comparable(text.body) === body &&
        !known.has(text.messageId) &&
        (text.to === undefined || text.to === to) &&
        (text.createdAt === undefined || !(Date.parse(text.createdAt) < since)),
    );
    // Of equal messages it does not matter which one went; more than we sent is what nobody can explain.
    const isAmbiguous =
      candidates.length > same.length || (candidates.length < same.length && !carried.isComplete);
    for (const [index, text] of same.entries()) {
      const candidate = candidates[index];
      if (isAmbiguous) verdicts.set(text.id, { kind: "ambiguous" });
      else if (candidate === undefined) verdicts.set(text.id, { kind: "notSent" });
      else verdicts.set(text.id, { kind: "sent", carrierMessageId: candidate.messageId });
    }
  }
  return verdicts;
}

/** The carrier's messages to a number, back to a time; incomplete when there are too many to look through. */
async function listSince(
  since: number,
  to: string,
  rest: TextCarrier,
): Promise<{ texts: CarriedText[]; isComplete: boolean }> {
  const texts: CarriedText[] = [];
  for (let page = 1; page <= MAXIMUM_PAGES; page += 1) {
    const found = await rest.listTexts({ contact: to, direction: "outbound", limit: PAGE_SIZE, page });
    texts.push(...found.texts);
    const oldest = Date.parse(found.texts.at(-1)?.createdAt ?? "");
    const isLast = found.pages === undefined ? found.texts.length < PAGE_SIZE : page >= found.pages;
    if (isLast || oldest < since) return { texts, isComplete: true };
  }
  return { texts, isComplete: false };
}

/** Sends one message and writes down what became of it. */
async function sendOne(
  text: OutboxText,
  { store, rest }: Pick<Using, "store" | "rest">,
): Promise<OutboxText> {
  // Somebody else is at it.
  if (!(await markSending(store, text))) return text;
  try {
    const { messageId } = await rest.sendText({ to: text.to, body: text.body, mediaUrls: text.mediaUrls });
    await markSent(store, text.id, { carrierMessageId: messageId });
    return { ...text, state: "sent", carrierMessageId: messageId };
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    const isFinal = error instanceof CarrierRefused && !error.isTransient;
    if (text.resend && !isFinal) {
      await markUnsettled(store, text.id, error.message);
      return { ...text, state: "unsettled" };
    }
    await (error.mayHaveHappened ? markUnsettled : markFailed)(store, text.id, error.message);
    throw error;
  }
}

/** Bodies are equal when a phone would show them as equal. */
function comparable(body: string): string {
  return body.normalize("NFC").replaceAll("\r\n", "\n").trim();
}

/** The beginning of a text: whom it is for may have had it written. */
function excerpt({ to, body, mediaUrls }: OutboxText): string {
  const characters = [...body];
  const shown = characters.length > 160 ? `${characters.slice(0, 160).join("")}…` : body;
  return `${quotation(`the text to ${to}`, shown)}${mediaUrls.length === 0 ? "" : ` with ${mediaUrls.join(", ")}`}`;
}
