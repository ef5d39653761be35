/**
 * Owns ringing the owner with a briefing: the agent is asked for its words in the session the owner speaks in, so that
 * "tell me more" has a past, and the first line that can ring the owner says them.
 */
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type CallPlacer, type PlacedCall, placeCall } from "../calls/place-call.ts";
import { CarrierError } from "../carriers/carrier-errors.ts";
import { secretsOf, withoutSecrets } from "../config/redaction.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { openSwitchboardFolder } from "../config/state-folder.ts";
import { LimitReached } from "../limits/limit-reached.ts";
import { messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { speakable } from "../speech/speakable.ts";
import type { Store } from "../store/database.ts";
import { listBriefingJobs, type RingOrder } from "./cron-jobs.ts";
import { type GatewayCli, GatewayCommandFailed } from "./gateway-cli.ts";
import { lastRun } from "./schedule.ts";
import { briefingPrompt, unpreparedWords } from "./words.ts";

/** A briefing that comes later than this is none any more, and the phone would ring at any hour. */
const LATEST_MS = 30 * 60_000;

/**
 * The time this run is for, when that is too long ago to ring: a gateway that was not running at a job's time runs it
 * when it starts. Whoever runs the job by hand wants it to ring.
 *
 * @returns undefined when it is time to ring, also when the gateway cannot be asked.
 */
export async function missedTime(
  openCli: () => Promise<GatewayCli>,
  order: RingOrder,
  now: Date,
): Promise<Date | undefined> {
  const isLate = (due: Date | undefined) => due !== undefined && now.getTime() - due.getTime() > LATEST_MS;
  try {
    // Mostly it is on time, and asking costs a second.
    if (!isLate(lastRun(order, now))) return undefined;
    const due = (await listBriefingJobs(await openCli())).find(({ key }) => key === order.key)?.nextTime;
    return isLate(due) ? due : undefined;
  } catch {
    return undefined;
  }
}

/** A line that may ring, with what places its calls. */
export interface RingingLine {
  readonly line: LineConfig;
  readonly rest: CallPlacer;
}

export interface RingParameters {
  readonly order: RingOrder;
  /** In the order they are tried. At least one. */
  readonly lines: readonly [RingingLine, ...RingingLine[]];
  readonly config: SwitchboardConfig;
  readonly store: Store;
  /** The words of the agent for this prompt, as it gave them. */
  ask(prompt: string): Promise<string>;
  /** Milliseconds of a clock that only moves forward. */
  now(): number;
}

export interface Ringing {
  readonly line: string;
  readonly call: PlacedCall;
  /** Why there was no briefing to say; undefined when there was one. */
  readonly unprepared: string | undefined;
  readonly prepareMs: number;
  /** Until the carrier had taken the call. */
  readonly placeMs: number;
}

/**
 * Prepares the briefing and rings the owner. When it cannot be prepared, the owner is rung all the same and told so.
 *
 * @throws LimitReached in quiet hours.
 * @throws CarrierError, LimitReached when no line could ring. A call that may have been placed is not placed on another line.
 */
export async function ring(parameters: RingParameters): Promise<Ringing> {
  const { order, config, lines, store, now } = parameters;
  const startedMs = now();
  const { words, unprepared } = await prepare(parameters);
  const preparedMs = now();
  let refusal: unknown;
  for (const { line, rest } of lines) {
    try {
      const call = await placeCall({ greeting: words }, { store, rest, line, config });
      return {
        line: line.name,
        call,
        unprepared,
        prepareMs: Math.round(preparedMs - startedMs),
        placeMs: Math.round(now() - preparedMs),
      };
    } catch (error) {
      const isOfLine = error instanceof CarrierError ? !error.mayHaveHappened : isLineFull(error);
      if (!isOfLine) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? new Error(`No line could ring you for the briefing "${order.label}".`);
}

/** Whether a limit of the line alone forbids it: another line may still ring. */
function isLineFull(error: unknown): boolean {
  return error instanceof LimitReached && error.isOfLine;
}

async function prepare({
  order,
  config,
  lines,
  ask,
}: RingParameters): Promise<{ words: string; unprepared: string | undefined }> {
  let unprepared: string;
  try {
    const words = withoutSecrets(speakable(await ask(briefingPrompt(order))), secretsOf(config)).trim();
    if (words !== "") return { words, unprepared: undefined };
    unprepared = "The agent had nothing to say.";
  } catch (error) {
    unprepared = messageOf(error);
  }
  const language = detectLanguage(order.task, lines[0].line.language ?? "en");
  return { words: unpreparedWords(order.label, language), unprepared };
}

/** How long the agent may take. The gateway ends the job after ten minutes, and by then the owner has to be rung. */
const PREPARE_LIMIT_SECONDS = 240;

const agentAnswer = z.object({
  status: z.string().optional(),
  result: z.object({
    payloads: z.array(z.object({ text: z.string().nullish(), isError: z.boolean().optional() })),
  }),
});

/**
 * Asks the agent in the session the owner speaks in, through `openclaw agent`. The prompt goes through a file of the owner's alone,
 * since Windows cannot pass every text on a command line.
 *
 * @param agentId the gateway's default agent when undefined.
 * @throws GatewayCommandFailed
 */
export async function askAgent(
  cli: GatewayCli,
  request: {
    readonly prompt: string;
    readonly agentId: string | undefined;
    /** The agent's main session when undefined. */
    readonly sessionKey: string | undefined;
    readonly stateFolder: string;
  },
): Promise<string> {
  const file = path.join(openSwitchboardFolder(request.stateFolder), `briefing-${process.pid}.txt`);
  try {
    await writeFile(file, request.prompt, { mode: 0o600 });
    const printed = await cli.run(
      [
        "agent",
        "--session-key",
        request.sessionKey ?? "main",
        ...(request.agentId === undefined ? [] : ["--agent", request.agentId]),
        "--message-file",
        file,
        "--timeout",
        String(PREPARE_LIMIT_SECONDS),
        "--json",
      ],
      { timeoutMs: (PREPARE_LIMIT_SECONDS + 20) * 1_000 },
    );
    const answer = agentAnswer.safeParse(printed);
    if (!answer.success)
      throw new GatewayCommandFailed('"openclaw agent" did not say what the agent answered.');
    const payloads = answer.data.result.payloads;
    if (payloads.some(({ isError }) => isError)) throw new GatewayCommandFailed("The agent's run failed.");
    return payloads.map(({ text }) => text ?? "").join("\n\n");
  } finally {
    await rm(file, { force: true });
  }
}
