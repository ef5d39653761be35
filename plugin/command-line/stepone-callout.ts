/**
 * Owns the command that has StepOne call people: the numbers and the requirement are looked at before money is spent,
 * the ids are printed as soon as they are known.
 */
import type { Command } from "commander";
import { complaintAbout } from "../carriers/stepone/requirement-complaint.ts";
import type { StepOneOrder, StepOneRest } from "../carriers/stepone/rest.ts";
import {
  type Answer,
  askingSession,
  type CommandContext,
  NotUnderstood,
  type PlainContext,
  quotingFor,
  settingsOf,
  withStore,
} from "./run.ts";
import { noteEnds, noteWishes, STEPONE_LINE } from "./stepone-heard.ts";
import {
  answerRecords,
  awaitRecords,
  processSurroundings,
  runStepOne,
  type StepOneOptions,
  type StepOneSurroundings,
} from "./stepone-line.ts";
import { Stopped } from "./stopping.ts";

interface CalloutOptions extends StepOneOptions {
  readonly wait?: boolean;
  readonly name?: string;
  readonly strict?: boolean;
  readonly yes?: boolean;
}

/** With {@link awaitRecords}, half an hour. */
const WAIT_RETRIES = 180;

export function defineCalloutCommand(
  command: Command,
  context: CommandContext,
  surroundings: StepOneSurroundings = processSurroundings(),
): void {
  command
    .description("Have StepOne's AI call mobile numbers of mainland China.")
    .argument("<numbers>", "11 digits each, +86 allowed; several joined by a comma")
    .argument("<requirement>", "what to call about: who is called, what for, when, where")
    .option("--name <name>", "begin by making sure that it is this person (a name or a title)")
    .option("--strict", "refuse a requirement that misses a name, a time or a place, instead of warning")
    .option("--yes", "do not ask at the terminal, only warn")
    .option("--wait", "wait for the records of the calls and print them")
    .option("--json", "print one JSON object")
    .action(async (numbers: string, requirement: string, options: CalloutOptions) => {
      await runStepOne(context, surroundings, options, async (signal) => {
        const { readMobileNumbers } = await import("../carriers/stepone/numbers.ts");
        const order = await agreed(
          { numbers: readMobileNumbers(numbers), requirement },
          { options, signal, context, surroundings },
        );
        const rest = await surroundings.open(context);
        const { callIds, text, json } = await placeCalls(rest, order, {
          signal,
          context,
          // Whoever waits sees the records here.
          askedIn: options.wait ? undefined : askingSession(context),
        });
        if (!options.wait) return { text, json };
        // Before anything can go wrong with the waiting.
        if (!options.json) context.print(`${text}\n`);
        const calls = await awaitRecords(rest, callIds, {
          retries: WAIT_RETRIES,
          isReached: true,
          signal,
          surroundings,
          context,
        }).catch((error: Error) => {
          // In text they are printed already.
          throw signal.aborted && options.json
            ? new Stopped("Stopped waiting for the records: ask for them with callinfo.", { callIds })
            : Object.assign(error, { facts: { callIds, ...(error as { facts?: object }).facts } });
        });
        await noteEnds(calls, context);
        await noteWishes(calls, context);
        const records = answerRecords(calls, quotingFor(context));
        return { text: `\n${records}`, json: { ...json, calls }, hasOthersWords: true };
      });
    });
}

/**
 * Places the calls as far as the limits let all of them go, which is not given up once it has begun; the answer has the
 * ids, one per line.
 *
 * @throws LimitReached, CarrierError
 * @throws the signal's reason; nothing was placed
 */
export async function placeCalls(
  rest: StepOneRest,
  order: StepOneOrder,
  {
    signal,
    context,
    askedIn,
  }: { readonly signal: AbortSignal; readonly context: CommandContext; readonly askedIn: string | undefined },
): Promise<Answer & { readonly callIds: readonly string[] }> {
  signal.throwIfAborted();
  const { config, stateFolder } = await settingsOf(context);
  const { placeOrder } = await import("../calls/place-order.ts");
  const { callIds } = await withStore({ stateFolder }, (store) =>
    placeOrder(order, { store, rest, line: STEPONE_LINE, config, askedIn, signal }),
  );
  if (callIds.length !== order.numbers.length) {
    context.complain(
      `Note: StepOne gave ${callIds.length} call ids for ${order.numbers.length} numbers: see its page for the others.\n`,
    );
  }
  return { callIds, text: callIds.join("\n"), json: { callIds } };
}

/**
 * The order as it is to be sent: with the identity check where a name was given for it.
 *
 * @throws NotUnderstood when it cannot be sent, or `--strict` forbids it
 * @throws Error when the person at the terminal does not want it
 */
async function agreed(
  order: StepOneOrder,
  given: {
    readonly options: CalloutOptions;
    readonly signal: AbortSignal;
    readonly context: PlainContext;
    readonly surroundings: StepOneSurroundings;
  },
): Promise<StepOneOrder> {
  const { options, signal, context, surroundings } = given;
  const isOne = order.numbers.length === 1;
  if (order.requirement.trim() === "") {
    throw new NotUnderstood("The requirement is empty: say what the call is about.");
  }
  if (options.name !== undefined && !isOne) {
    throw new NotUnderstood("--name is for one number: whoever is called has a name of their own.");
  }
  const { missingParts, withIdentityCheck } = await import("../carriers/stepone/requirement.ts");
  const named = (name: string) => {
    const plain = name.replace(/\s+/g, " ").trim();
    if (!/\p{L}/u.test(plain)) throw new NotUnderstood("The name is empty: say who is called.");
    return { ...order, requirement: withIdentityCheck(order.requirement, plain) };
  };
  const missing = missingParts(order.requirement).filter(
    (part) => part !== "name" || options.name === undefined,
  );
  const wanted = options.name === undefined ? order : named(options.name);
  const complaint = complaintAbout(missing);
  if (complaint === undefined) return wanted;
  if (options.strict) throw new NotUnderstood(`${complaint}: add it. Nothing was placed.`);
  const isAsked = surroundings.canAsk && !options.yes;
  const advice = missing.includes("name")
    ? `the call should begin by making sure who is on the phone${isAsked || !isOne ? "" : ' (--name "…" adds that)'}`
    : "the more exact it is, the better the call";
  context.complain(`Warning: ${complaint}: ${advice}.\n`);
  if (!isAsked) return wanted;
  if (missing.includes("name") && isOne) {
    const name = await context.ask(
      "Name or title of the person, to be asked for at the start (Enter: call without; n: do not call): ",
      signal,
    );
    if (name === undefined || /^\s*(?:n|no|否|不)\s*$/i.test(name)) throw new Error("Nothing was placed.");
    return name.trim() === "" ? order : named(name);
  }
  const answer = await context.ask("Call all the same? (Y/n) ", signal);
  if (answer === undefined || !/^\s*(?:$|y|是|好)/i.test(answer)) throw new Error("Nothing was placed.");
  return wanted;
}
