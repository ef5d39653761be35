/** Owns the command that shows the record of a StepOne call, which appears some time after the call's end. */
import type { Command } from "commander";
import { quoted } from "./quoted.ts";
import { type Answer, NotUnderstood, type PlainContext, quotingFor } from "./run.ts";
import { noteWishes } from "./stepone-heard.ts";
import {
  answerRecords,
  awaitRecords,
  processSurroundings,
  requireCallId,
  runStepOne,
  type StepOneOptions,
  type StepOneSurroundings,
} from "./stepone-line.ts";

const RETRIES = 5;

export function defineCallinfoCommand(
  command: Command,
  context: PlainContext,
  surroundings: StepOneSurroundings = processSurroundings(),
): void {
  command
    .description("Show the record of a StepOne call: status, length, cost, and what was said.")
    .argument("<call_id>", "as callout printed it")
    .argument("[retries]", "how often to ask again, every 10 s, while the record is not there", `${RETRIES}`)
    .option("--json", "print one JSON object")
    .action(async (callId: string, written: string, options: StepOneOptions) => {
      await runStepOne(context, surroundings, options, async (signal) => {
        if (!/^\d{1,4}$/.test(written)) {
          throw new NotUnderstood(
            `${quoted(written)} is no number of retries: give a whole number from 0 to 9999.`,
          );
        }
        return await showRecord(callId, { retries: Number(written), signal, surroundings, context });
      });
    });
}

/** @throws NotUnderstood, NotRecorded, CarrierError */
export async function showRecord(
  given: string,
  how: Parameters<typeof awaitRecords>[2],
): Promise<Answer | undefined> {
  const callId = await requireCallId(given);
  const records = await awaitRecords(await how.surroundings.open(how.context), [callId], how);
  await noteWishes(records, how.context);
  const text = answerRecords(records, quotingFor(how.context));
  return { text, json: { call: records[0] }, hasOthersWords: true };
}
