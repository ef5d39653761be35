// Owns what the StepOne practice server can be told to do wrong. Plain data: set a field at any time.
import type { ClawCallRouteFault } from "./clawcall-faults.ts";

/**
 * What goes wrong with the next requests to a path, in the same words as ClawCall's. A stream hit by `cut` breaks
 * after {@link CUT_STREAM_BYTES} bytes.
 */
export type StepOneRouteFault = ClawCallRouteFault;

export const CUT_STREAM_BYTES = 20;

/** What goes wrong with the next streams. The fields may be combined. */
export interface StepOneStreamFault {
  /** How many streams are hit; counted down as they are opened. */
  times: number;
  /** Only streams of this call. */
  readonly callId?: string;
  /** The stream stops after this many bytes of its body. */
  readonly cutAfterBytes?: number;
  /**
   * How it stops there. `break` (default): the connection breaks. `end`: the stream ends in good order.
   * `hang`: nothing more comes, and the stream stays open.
   */
  readonly cut?: "break" | "end" | "hang";
  /**
   * `bytes`: one byte at a time. `characters`: a chunk ends in the middle of each character of several bytes.
   * `lines`: each chunk ends in the middle of a line; the end of a line comes with the beginning of the next one.
   */
  readonly chunks?: "bytes" | "characters" | "lines";
  /** How much time passes after each chunk, in milliseconds; default 0. Not scaled. */
  readonly chunkGapMs?: number;
  /** Default `"\n"`. */
  readonly lineEnd?: "\n" | "\r\n";
  /** The stream ends in good order when its call is over, without `[DONE]` or `[TIMEOUT]`. */
  readonly withoutEnd?: boolean;
  /** No data ever comes, and the stream never ends. */
  readonly keepAliveOnly?: boolean;
  /** Text is written as `\uXXXX` where it is not ASCII. No fault by itself: JSON may be written so. */
  readonly asciiOnly?: boolean;
}

export interface StepOneFaults {
  /** Answer 401 to every key. */
  refuseKey: boolean;
  /**
   * Another skill version is wanted: 426 for the one taken before. `named` (default true): the answer's
   * `skill_version` and message name it. `askable` (default false): `skill_version` answers old clients.
   */
  newVersion: { readonly version: string; readonly named?: boolean; readonly askable?: boolean } | undefined;
  /** `initiate_call` answers `success:false` with this message, or without one, and nobody's phone rings. */
  refuseCalls: { readonly message?: string } | undefined;
  /** Delay of every answer, after the request was carried out, in milliseconds. Not scaled. */
  latencyMs: number;
  /** The first fault that fits a request is used. */
  routes: StepOneRouteFault[];
  /** The first fault that fits a stream is used. */
  streams: StepOneStreamFault[];
}

/** A server that behaves. */
export function noFaults(): StepOneFaults {
  return {
    refuseKey: false,
    newVersion: undefined,
    refuseCalls: undefined,
    latencyMs: 0,
    routes: [],
    streams: [],
  };
}

/** Takes the fault for a stream of this call, counting it down. */
export function takeStreamFault({ streams }: StepOneFaults, callId: string): StepOneStreamFault | undefined {
  const fault = streams.find((one) => one.times > 0 && (one.callId === undefined || one.callId === callId));
  if (fault) fault.times -= 1;
  return fault;
}
