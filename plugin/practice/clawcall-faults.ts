// Owns what the ClawCall practice server can be told to do wrong. Plain data: set a field at any time.
import type { RouteFault } from "./route-faults.ts";

/** What goes wrong with the next requests to a path. */
export interface ClawCallRouteFault extends RouteFault {
  /**
   * `status`: answered with `status` and an error body, not carried out.
   * `garbage`: answered 200 with a page that is no JSON, not carried out.
   * `hang`: not carried out, never answered.
   * `drop`: carried out, then the connection is closed without an answer.
   * `cut`: carried out, then the connection breaks in the middle of the answer.
   */
  readonly kind: "status" | "garbage" | "hang" | "drop" | "cut";
  /** For `status`; default 500. */
  readonly status?: number;
}

export interface ClawCallFaults {
  /** Answer 401 to every key. */
  refuseKey: boolean;
  /** The month's minutes are gone: 429 for calls out, and whoever rings is turned away. */
  minutesUsedUp: boolean;
  /** How many messages are dequeued for a poll whose answer then never arrives; counted down. */
  dropListenResponses: number;
  /** Delay of every answer, after the request was carried out, in milliseconds. */
  latencyMs: number;
  /** How many of the next messages are queued twice; counted down. */
  duplicateMessages: number;
  /** Hand out the newest of the queued messages first. */
  reorderMessages: boolean;
  /** The first fault that fits a request is used. */
  routes: ClawCallRouteFault[];
}

/** A server that behaves. */
export function noFaults(): ClawCallFaults {
  return {
    refuseKey: false,
    minutesUsedUp: false,
    dropListenResponses: 0,
    latencyMs: 0,
    duplicateMessages: 0,
    reorderMessages: false,
    routes: [],
  };
}
