/**
 * Owns the commands about the people one phones with: removing what is known of one, and the list of those who are
 * neither called nor texted.
 */
import type { Command } from "commander";
import type { E164 } from "../config/phone-number.ts";
import type { DoNotCallEntry } from "../store/do-not-call.ts";
import type { ScheduledEvent } from "../store/scheduled-events.ts";
import { asWord, type Quoting, quoted } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
  quotingFor,
  type Settings,
  withStore,
} from "./run.ts";

/** Adds `forget` and `do-not-call` to `phone`. */
export function definePhonePeople(phone: Command, context: CommandContext): void {
  const withNumber = (command: Command) =>
    command
      // People write numbers in groups, and a shell takes those apart.
      .argument("<number...>", "the phone number")
      .option("--json", "print one JSON object");
  withNumber(phone.command("forget"))
    .description("Delete what is kept of somebody: calls, what was said on them, texts.")
    .action(async (number: readonly string[], options: CommonOptions) => {
      await answerWith(context, options, (settings) => forget(number.join(" "), settings));
    });
  const list = phone.command("do-not-call");
  list.description("Show and change the list of numbers that are neither called nor texted.");
  list
    .command("list", { isDefault: true })
    .description("Show the list, the newest entry first.")
    .option("--json", "print one JSON object")
    .action(async (options: CommonOptions) => {
      await answerWith(context, options, (settings) => show(settings, quotingFor(context)));
    });
  withNumber(list.command("add"))
    .description("Put a number on the list.")
    .action(async (number: readonly string[], options: CommonOptions) => {
      await answerWith(context, options, (settings) => add(number.join(" "), settings));
    });
  withNumber(list.command("remove"))
    .description("Take a number off the list: it may be called and texted again.")
    .action(async (number: readonly string[], options: CommonOptions) => {
      await answerWith(context, options, (settings) => remove(number.join(" "), settings));
    });
}

async function forget(written: string, settings: Settings): Promise<Answer> {
  const number = await othersNumber(written, settings);
  const { forgetPerson } = await import("../store/people.ts");
  const forgotten = await withStore(settings, (store) => forgetPerson(store, number));
  const { calls, texts, mentions, openCalls, scheduledEvents, isDoNotCall, isErased } = forgotten;
  const text = [
    calls + texts + mentions === 0
      ? `Nothing is kept of ${number}${openCalls + scheduledEvents === 0 && !isDoNotCall ? "" : " beside the following"}.`
      : `Deleted what was kept of ${number}: ${count(calls, "call")}, ${count(texts, "text")}${mentions === 0 ? "" : `, ${count(mentions, "mention")} of the number elsewhere`}.`,
    ...(openCalls === 0
      ? []
      : ["A call with this number may be going on and is still kept: do this again when it is over."]),
    ...(scheduledEvents === 0
      ? []
      : [
          `Missions still have ${count(scheduledEvents, "call or text", "calls or texts")} scheduled with this number: cancel that (missions cancel-scheduled-event), and do this again.`,
        ]),
    ...(isDoNotCall
      ? ["The number itself stays on the do-not-call list, without the words that put it there."]
      : []),
    ...(isErased
      ? []
      : [
          "Another process is reading the store, so the deleted words may still stand in its journal: do this again when it is done.",
        ]),
    "What the phone service keeps, and the gateway's own conversations, pairings and logs, is not deleted by this.",
  ].join("\n");
  return { text, json: { number, ...forgotten } };
}

async function show(settings: Settings, quoting: Quoting): Promise<Answer> {
  const { listDoNotCall } = await import("../store/do-not-call.ts");
  const entries = await withStore(settings, listDoNotCall);
  return {
    text: entries.map((entry) => describe(entry, quoting)).join("\n") || "Nobody is on the list.",
    json: { numbers: entries },
    hasOthersWords: true,
  };
}

async function add(written: string, settings: Settings): Promise<Answer> {
  const number = await othersNumber(written, settings);
  const { addDoNotCall } = await import("../store/do-not-call.ts");
  const { eventsToCome } = await import("../store/scheduled-events.ts");
  const { isNew, events } = await withStore(settings, async (store) => ({
    isNew: await addDoNotCall(store, { number, source: "owner" }),
    events: await eventsToCome(store, number),
  }));
  const [only] = events;
  const first = isNew
    ? `${number} is ${only === undefined ? "not called or texted any more" : "on the do-not-call list now"}.`
    : `${number} is on the do-not-call list already.`;
  return {
    text: [first, ...(only === undefined ? [] : [stillScheduled(events)])].join("\n"),
    json: {
      number,
      isNew,
      scheduled: events.map(({ channel, assistantId, carrierEventId, scheduledAt }) => ({
        channel,
        assistantId,
        eventId: carrierEventId ?? null,
        scheduledAt,
      })),
    },
  };
}

/** The service makes them by itself: nothing here keeps it from that. */
function stillScheduled(events: readonly ScheduledEvent[]): string {
  const cancellations = events.map(({ channel, assistantId, carrierEventId, scheduledAt }) => {
    const what = `${channel === "call" ? "the call" : "the text"} of ${scheduledAt.toISOString()}`;
    return carrierEventId === undefined
      ? `  missions list-events-assistant ${asWord(assistantId)}  (${what}, whose id is not known here)`
      : `  missions cancel-scheduled-event ${asWord(assistantId)} ${asWord(carrierEventId)}  (${what})`;
  });
  const which = events.length === 1 ? "that" : "them";
  return [
    `Missions still have ${count(events.length, "call or text", "calls or texts")} scheduled with this number: cancel ${which}, or the service makes ${events.length === 1 ? "it" : "them"} all the same.`,
    ...cancellations,
  ].join("\n");
}

async function remove(written: string, settings: Settings): Promise<Answer> {
  const number = await numberOf(written, settings);
  const { removeDoNotCall } = await import("../store/do-not-call.ts");
  if (await withStore(settings, (store) => removeDoNotCall(store, number))) {
    return { text: `${number} may be called and texted again.`, json: { number } };
  }
  throw new Error(`${number} is not on the do-not-call list. To see it: phone do-not-call list`);
}

const REASONS: Readonly<Record<DoNotCallEntry["source"], string>> = {
  owner: "by command",
  text: "by text",
  call: "on a call",
};

function describe({ number, source, words, addedAt }: DoNotCallEntry, quoting: Quoting): string {
  const since = addedAt.toLocaleDateString("sv-SE");
  return [
    number,
    since,
    REASONS[source],
    ...(words === undefined ? [] : [quoting(number, words, quoted)]),
  ].join("  ");
}

/** @throws NotAPhoneNumber */
async function numberOf(written: string, { config }: Settings): Promise<E164> {
  const { NotAPhoneNumber, parsePhoneNumber } = await import("../config/phone-number.ts");
  const number = parsePhoneNumber(written, config.defaultRegion);
  if (number === undefined) throw new NotAPhoneNumber(written);
  return number;
}

/** @throws NotAPhoneNumber; NotUnderstood when it is the owner's own. */
async function othersNumber(written: string, settings: Settings): Promise<E164> {
  const number = await numberOf(written, settings);
  if (settings.config.ownerNumbers.includes(number)) {
    throw new NotUnderstood(`${number} is your own number ("ownerNumbers"): this is for other people's.`);
  }
  return number;
}

function count(number: number, noun: string, several = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : several}`;
}
