// Owns what the ClawdTalk practice server can be told to do wrong. Plain data: set a field at any time.
import type { RouteFault } from "./route-faults.ts";

/** What goes wrong with the next requests to a path. */
export interface RestFault extends RouteFault {
  /**
   * `status`: answered with `status` and an error body, not carried out.
   * `status_after_processing`: carried out, and answered with `status` and an error body all the same.
   * `timeout`: not carried out, never answered.
   * `timeout_after_processing`: carried out, never answered.
   * `drop_after_processing`: carried out, then the connection is cut: the answer never arrives.
   */
  readonly kind:
    | "status"
    | "status_after_processing"
    | "timeout"
    | "timeout_after_processing"
    | "drop_after_processing";
  /** For those with a status; default 500. */
  readonly status?: number;
  /** For those with a status: the error's code; default `practice_fault`. */
  readonly code?: string;
}

export interface ClawdTalkFaults {
  /** Answer every `auth` with `auth_error` and this message. */
  refuseKey: string | undefined;
  /** What the next WebSocket handshakes get instead of a connection: an HTTP status (429), or no answer. */
  handshakes: (number | "hang")[];
  /** Close codes for the next connections, right after their `auth_ok` (`[4000, 4000, 4000]`). */
  closeAfterAuth: number[];
  /** Accept connections and frames, send nothing at all: no `auth_ok`, no event, no pong. */
  silent: boolean;
  /** Cut the socket once: when the next request has been sent, or when the next progress text arrives. */
  dropSocket: "after_request" | "after_progress" | undefined;
  /** Send each event twice. */
  duplicateEvents: boolean;
  /** Swap each pair of events; one that stays alone is sent after `timings.reorderHoldMs`. */
  reorderEvents: boolean;
  /** Delay of everything sent over the WebSocket, in milliseconds. Order is kept. */
  latencyMs: number;
  /** Delay of every REST answer, after the request was carried out: events can overtake the answer. */
  restLatencyMs: number;
  /** The first fault that fits a request is used. */
  rest: RestFault[];
}

/** A server that behaves. */
export function noFaults(): ClawdTalkFaults {
  return {
    refuseKey: undefined,
    handshakes: [],
    closeAfterAuth: [],
    silent: false,
    dropSocket: undefined,
    duplicateEvents: false,
    reorderEvents: false,
    latencyMs: 0,
    restLatencyMs: 0,
    rest: [],
  };
}
