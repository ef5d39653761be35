/** Owns what ClawCall's history says of a call, in Switchboard's words. */
import type { CallPurpose, CallRecord, CallRecords } from "../carrier.ts";
import type { ClawCallRest, HistoryCall } from "./rest.ts";
import { transcriptLines } from "./transcript.ts";

/** The service's `call_type`. */
const PURPOSES: ReadonlyMap<string, CallPurpose> = new Map([
  ["user_initiated", "conversation"],
  ["task_callback", "callback"],
  ["scheduled", "briefing"],
  ["third_party", "thirdParty"],
]);

/** The `status` of a call that is over; the others are "in-progress" and what may come. */
const FINAL_STATUSES: ReadonlySet<string> = new Set(["completed", "failed", "busy", "no-answer", "canceled"]);

/** The newest call is mostly the one that is asked for; the whole list is the last 100 (the service's limit). */
const PAGES = [20, 100];

/**
 * ClawCall's history as records of calls. A call out is found only once it was answered, one that came in before
 * its first words (wire page, "Turns").
 */
export function clawCallRecords(rest: Pick<ClawCallRest, "history">): CallRecords {
  return {
    async find(callId, { transcript } = { transcript: false }) {
      for (const limit of PAGES) {
        const calls = await rest.history({ limit, transcripts: transcript });
        const found = calls.find(({ callSid }) => callSid === callId);
        if (found !== undefined) return callRecord(found);
        if (calls.length < limit) return undefined;
      }
      return undefined;
    },
  };
}

function callRecord(call: HistoryCall): CallRecord {
  const { direction, from, to, status, durationSeconds, transcript } = call;
  const purpose = call.callType === undefined ? undefined : PURPOSES.get(call.callType);
  return {
    callId: call.callSid,
    isOver: call.endedAt !== undefined || (status !== undefined && FINAL_STATUSES.has(status)),
    ...(direction === undefined ? {} : { direction }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(status === undefined ? {} : { status }),
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(transcript === undefined ? {} : { transcript: transcriptLines(transcript) }),
  };
}
