/** Owns what a line tells its listener: its state, its counters, and each event without being harmed by it. */
import type { Log } from "../log.ts";
import type { CarrierListener, LineState, LineStatus } from "./carrier.ts";

export interface LineReports {
  /** From now on events are told. @throws Error the second time: a stopped carrier stays stopped. */
  begin(listener: CarrierListener): void;
  status(): LineStatus;
  /** Told to the listener when the state is another one. */
  setStatus(state: LineState, detail: string): void;
  /** A listener that throws, against its contract, must not take the connection down. */
  tell(call: (to: CarrierListener) => void): void;
}

export function createLineReports(options: {
  /** For every sentence: `ClawdTalk line "home"`. */
  readonly title: string;
  /** Counted by the carrier; `listenerErrors` here. */
  readonly counters: Record<string, number> & { listenerErrors: number };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}): LineReports {
  const { title, counters, now, log } = options;
  let listener: CarrierListener | undefined;
  let current = {
    state: "starting" as LineState,
    detail: "Not started yet.",
    since: new Date(now()).toISOString(),
  };

  function status(): LineStatus {
    return { ...current, counters: { ...counters } };
  }

  function tell(call: (to: CarrierListener) => void): void {
    if (!listener) return;
    try {
      call(listener);
    } catch (error) {
      counters.listenerErrors += 1;
      log.error(`${title}: handling an event failed: ${String(error)}`);
    }
  }

  return {
    begin(to) {
      if (listener) throw new Error(`${title} was started before; make a new carrier to start again.`);
      listener = to;
    },
    status,
    setStatus(state, detail) {
      const changed = state !== current.state;
      current = { state, detail, since: changed ? new Date(now()).toISOString() : current.since };
      if (changed) tell((to) => to.onStatus(status()));
    },
    tell,
  };
}
