/**
 * Owns the inbound texts of a line from arrival to answer: written down before anything else, answered one after
 * the other for each sender, taken up again after a restart, never answered twice as far as the service allows.
 */

import type { InboundText } from "../carriers/carrier.ts";
import type { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import { callerNumber, type E164 } from "../config/phone-number.ts";
import { noteOptIn, noteOptOut } from "../limits/opt-out.ts";
import { type Log, messageOf } from "../log.ts";
import type { Store } from "../store/database.ts";
import { findDoNotCall } from "../store/do-not-call.ts";
import { markText, pendingTexts, receiveText } from "../store/inbox.ts";
import { wasContacted } from "../store/outreach.ts";
import { asData, quotation } from "../trust/quotation.ts";
import { sendText, settleUnfinishedTexts, type TextConfig } from "./send-text.ts";
import { isStopCommand, type Reply, type TextToAnswer } from "./text-to-answer.ts";

/** How much of the words of somebody who wants peace the owner is told. */
const TOLD_CHARACTERS = 300;
/** The wishes of numbers we have never called or texted are told this often at most; the list has them all. */
const UNKNOWN_WISHES_EVERY_MS = 60 * 60_000;
/** A text whose answer failed is tried again after these waits; then the owner is told. */
const RETRY_AFTER_MS = [5_000, 30_000];
/** How often what nobody knows the end of is looked into again. */
const SETTLE_EVERY_MS = 30_000;

export interface TextsParameters {
  readonly line: string;
  readonly store: Store;
  readonly rest: ClawdTalkRest;
  readonly config: TextConfig;
  answer(text: TextToAnswer, reply: Reply): Promise<"answered" | "refused">;
  tellOwner(sentence: string): Promise<void>;
  readonly log: Log;
  readonly retryAfterMs?: readonly number[];
}

interface WaitingText {
  readonly messageId: string;
  readonly from: string;
  readonly body: string;
  readonly receivedAt: Date;
  readonly askedBefore?: TextToAnswer["askedBefore"];
}

export class Texts {
  #unknownWishToldAt = Number.NEGATIVE_INFINITY;
  readonly #p: TextsParameters;
  /** The last text of each sender: the next one waits for it. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(parameters: TextsParameters) {
    this.#p = parameters;
  }

  /** Writes the text down and answers it; the same message id again does nothing. Never rejects. */
  async receive({ messageId, from, body }: InboundText): Promise<void> {
    const text = { messageId, from, body };
    try {
      const isNew = await receiveText(this.#p.store, { line: this.#p.line, ...text });
      if (isNew) this.#enqueue({ ...text, receivedAt: this.#p.store.now() }, 0);
      else this.#p.log.debug(`Text ${messageId} was delivered twice.`);
    } catch (error) {
      this.#p.log.error(`A text could not be written down and is lost: ${messageOf(error)}`);
    }
  }

  /** Takes up what an earlier process left: sends whose end is not known first, then unanswered texts. Never rejects. */
  async start(): Promise<void> {
    await this.#settle();
    try {
      for (const text of await pendingTexts(this.#p.store, this.#p.line)) {
        if (text.hasReply) await this.#mark(text, "answered");
        else {
          const askedBefore = text.state === "answering" ? "beforeRestart" : undefined;
          this.#enqueue({ ...text, askedBefore }, 0);
        }
      }
    } catch (error) {
      this.#p.log.error(`The texts of before could not be read: ${messageOf(error)}`);
    }
    const timer = setInterval(() => void this.#settle(), SETTLE_EVERY_MS);
    this.#timers.add(timer);
  }

  /** Starts nothing new. A text being answered stays written down as such and is taken up at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #enqueue(text: WaitingText, attempt: number): void {
    const waiting = this.#tails.get(text.from);
    const before = isStopCommand(text.body) ? Promise.resolve() : (waiting ?? Promise.resolve());
    // A tail that rejects would take every later text of the sender with it.
    const tail = before
      .then(() => this.#answer(text, attempt))
      .catch((error: unknown) =>
        this.#p.log.error(`A text from ${text.from} was not settled: ${messageOf(error)}`),
      );
    this.#tails.set(text.from, tail);
    void tail.then(() => {
      if (this.#tails.get(text.from) === tail) this.#tails.delete(text.from);
    });
  }

  async #answer(text: WaitingText, attempt: number): Promise<void> {
    if (this.#stopped) return;
    const { line, log } = this.#p;
    let replied = false;
    try {
      const from = callerNumber(text.from);
      if (from === undefined) {
        log.info(`A text from ${asData(text.from)} was not answered: that is no phone number.`);
        await this.#mark(text, "refused", "not a phone number");
        return;
      }
      if (await this.#wantsPeace(from, text)) {
        await this.#mark(text, "refused", "on the do-not-call list");
        return;
      }
      if (!(await this.#mark(text, "answering"))) return;
      const done = await this.#p.answer(
        {
          messageId: text.messageId,
          from,
          body: text.body,
          receivedAtMs: text.receivedAt.getTime(),
          askedBefore: text.askedBefore,
        },
        async (body, mediaUrls = [], how = undefined) => {
          const isAside = how?.isAside === true;
          if (!isAside) replied = true;
          await sendText(
            {
              ...{ line, to: from, body, mediaUrls, resend: !isAside },
              ...(isAside ? {} : { inReplyTo: text.messageId }),
            },
            { store: this.#p.store, rest: this.#p.rest, config: this.#p.config },
          );
        },
      );
      await this.#mark(text, done);
    } catch (error) {
      if (this.#stopped) return;
      log.warn(`A text from ${text.from} could not be answered: ${messageOf(error)}`);
      // Once a reply is written down, it is the outbox's: asking the agent again would answer twice.
      if (replied) await this.#giveUp(text, "answered", error);
      else await this.#retry(text, attempt, error);
    }
  }

  /** Whether this number is not to be texted, by this text or an earlier wish. The owner hears of it once. */
  async #wantsPeace(from: E164, { body }: WaitingText): Promise<boolean> {
    const { store, config, log } = this.#p;
    if (config.ownerNumbers.includes(from)) return false;
    if ((await noteOptOut(store, { number: from, words: body, where: "text" })) === "new") {
      await this.#tellOfWish(
        from,
        body,
        `${from} asked not to be called or texted any more, and is on the do-not-call list now.`,
      );
    }
    if (await noteOptIn(store, { number: from, words: body })) {
      await this.#tellOfWish(
        from,
        body,
        `${from} may be called and texted again, and is off the do-not-call list: they have taken back that they asked for it.`,
      );
    }
    if ((await findDoNotCall(store, from)) === undefined) return false;
    log.info(`A text from ${from} was not answered: the number is on the do-not-call list.`);
    return true;
  }

  /** Tells the owner, with the words of those alone whom we have been in touch with: anybody can write "STOP, and …". */
  async #tellOfWish(from: E164, body: string, sentence: string): Promise<void> {
    const { store, log } = this.#p;
    if (await wasContacted(store, from)) {
      const words = [...body].slice(0, TOLD_CHARACTERS).join("");
      return await this.#tellOwner(`${sentence} The text: ${quotation(from, words)}`);
    }
    log.info(sentence);
    const now = store.now().getTime();
    // Numbers can be made up by the hundred, and there is room for few notices.
    if (now - this.#unknownWishToldAt < UNKNOWN_WISHES_EVERY_MS) return;
    this.#unknownWishToldAt = now;
    await this.#tellOwner(sentence);
  }

  async #retry(text: WaitingText, attempt: number, error: unknown): Promise<void> {
    const waitMs = (this.#p.retryAfterMs ?? RETRY_AFTER_MS)[attempt];
    if (waitMs === undefined) return await this.#giveUp(text, "failed", error);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#enqueue({ ...text, askedBefore: "here" }, attempt + 1);
    }, waitMs);
    this.#timers.add(timer);
  }

  async #giveUp(text: WaitingText, state: "answered" | "failed", error: unknown): Promise<void> {
    await this.#mark(text, state, messageOf(error));
    await this.#tellOwner(
      `A text could not be answered (${messageOf(error)}). It said: ${quotation(text.from, text.body)}`,
    );
  }

  /** Never rejects. */
  async #tellOwner(words: string): Promise<void> {
    try {
      await this.#p.tellOwner(words);
    } catch (error) {
      this.#p.log.error(`The owner could not be told of a text: ${messageOf(error)}. It was: ${words}`);
    }
  }

  async #mark(
    text: WaitingText,
    state: "answering" | "answered" | "refused" | "failed",
    detail?: string,
  ): Promise<boolean> {
    try {
      return await markText(this.#p.store, { line: this.#p.line, messageId: text.messageId }, state, {
        detail,
      });
    } catch (error) {
      this.#p.log.error(`The state of a text could not be written down: ${messageOf(error)}`);
      return false;
    }
  }

  async #settle(): Promise<void> {
    if (this.#stopped) return;
    try {
      await settleUnfinishedTexts(
        { line: this.#p.line, report: (words) => this.#tellOwner(words) },
        { store: this.#p.store, rest: this.#p.rest, config: this.#p.config },
      );
    } catch (error) {
      this.#p.log.warn(`Texts whose sending is in doubt could not be looked into: ${messageOf(error)}`);
    }
  }
}
