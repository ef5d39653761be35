/** Owns the check of a whole turn: a call from the practice line to the user's own agent, through the gateway. */
import { messageOf } from "../../log.ts";
import { NoTestCall } from "../../wizard/test-call.ts";
import { type Check, ok, problem, warning } from "../check.ts";

/** Whoever waits longer for a first word asks whether anybody is there. */
const SLOW_MS = 4_000;

const call: Check = {
  id: "test-call",
  group: "A call",
  looksAt:
    "a whole turn: a call from a practice line on this machine to your own agent; how long until it speaks (one model call; `--no-call` leaves it out)",
  why: "It takes the way real calls take, so what is wrong on that way shows, and how long callers wait.",
  mend: "what the call's failure says; where it is slow, a quicker model for the phone: `openclaw config set plugins.entries.switchboard.config.model …`",
  limitMs: 150_000,
  isAlone: true,
  async look(examination) {
    const { testCall, signal } = examination;
    // Without a gateway there is nobody to call, which is said elsewhere.
    if (testCall === undefined || (await examination.gateway()) !== "up") return [];
    try {
      const { heard, firstWordMs, wholeMs } = await testCall(signal);
      if (heard.length === 0) return problem("Nothing was heard on a test call.", "openclaw phone logs");
      const times = `first word after ${seconds(firstWordMs)}, all of it after ${seconds(wholeMs)}`;
      if (firstWordMs <= SLOW_MS) return ok(`A test call was answered: ${times}.`);
      return warning(
        `A test call was answered slowly: ${times}.`,
        "openclaw config set plugins.entries.switchboard.config.model <a quicker model>",
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NoTestCall) return ok(error.message);
      return problem(
        messageOf(error),
        (await examination.hasPlugin()) ? "openclaw phone logs" : "openclaw logs",
      );
    }
  },
};

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

export const callChecks: readonly Check[] = [call];
