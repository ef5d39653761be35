/**
 * Owns what was said on StepOne's calls as far as it is more than something to show: that somebody asked not to be called
 * again. Where nothing follows the calls, these commands are the only ones to hear it.
 */
import type { StepOneLine, StepOneRecord } from "../carriers/stepone/rest.ts";
import { type PlainContext, withStore } from "./run.ts";

/** The line that the key of these commands makes. */
export const STEPONE_LINE = "stepone";

/** A call, and what was said on it. */
interface HeardCall {
  readonly callId: string;
  /** Whom it was to, as the service writes it. */
  readonly phones?: string | undefined;
  readonly transcript: readonly StepOneLine[];
}

/** Puts those on the do-not-call list who asked for it, and says so on stderr. Loads next to nothing when nobody did. */
export async function noteWishes(calls: readonly HeardCall[], context: PlainContext): Promise<void> {
  const { isOptOut } = await import("../limits/opt-out-words.ts");
  const wishes = calls.flatMap(({ callId, phones, transcript }) => {
    const wish = transcript.find(({ role, content }) => role === "user" && isOptOut(content, "call"));
    return wish === undefined ? [] : [{ callId, phones, words: wish.content }];
  });
  if (wishes.length === 0) return;
  const [{ findCall }, { noteOptOut }] = await Promise.all([
    import("../store/calls.ts"),
    import("../limits/opt-out.ts"),
  ]);
  await withStore(context.places(), async (store) => {
    for (const { callId, phones, words } of wishes) {
      const known = await findCall(store, { line: STEPONE_LINE, carrierCallId: callId });
      const number = known?.callee ?? mobileNumber(phones);
      if (number === undefined) continue;
      if ((await noteOptOut(store, { number, words, where: "call" })) !== "new") continue;
      context.complain(
        `Note: ${number} asked not to be called again, and is on the do-not-call list now. If they may be called: phone do-not-call remove ${number}\n`,
      );
    }
  });
}

/** Writes down how calls ended, for the limits that count minutes. What is known already stays. */
export async function noteEnds(records: readonly StepOneRecord[], context: PlainContext): Promise<void> {
  const [{ noteCallEnded }, { costOf, inOurWords }] = await Promise.all([
    import("../store/calls.ts"),
    import("../carriers/stepone/conversation.ts"),
  ]);
  await withStore(context.places(), async (store) => {
    for (const record of records) {
      const { callId, durationSeconds, transcript } = record;
      await noteCallEnded(store, {
        line: STEPONE_LINE,
        carrierCallId: callId,
        carrier: "stepone",
        direction: "outbound",
        outcome: durationSeconds === 0 && transcript.length === 0 ? "no_answer" : "completed",
        durationSeconds,
        cost: costOf(record),
        transcript: transcript.map(inOurWords),
      });
    }
  });
}

/** E.164; undefined when several are named, or none. */
function mobileNumber(phones: string | undefined): string | undefined {
  const digits = /^\s*(?:\+?86)?(1[3-9]\d{9})\s*$/.exec(phones ?? "")?.[1];
  return digits === undefined ? undefined : `+86${digits}`;
}
