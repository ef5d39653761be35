/**
 * Owns placing an order of StepOne's: one request that calls one number or several, each of which is written down and
 * held against the limits as any other call is. All of them are called, or none.
 */
import { CarrierError } from "../carriers/carrier-errors.ts";
import type { StepOneOrder, StepOneRest } from "../carriers/stepone/rest.ts";
import { withoutKeys } from "../carriers/without-keys.ts";
import { requirePhoneNumber } from "../config/phone-number.ts";
import { type SecretSettings, secretsOf } from "../config/redaction.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { checkLimits, type LimitSettings } from "../limits/check-limits.ts";
import { LimitReached } from "../limits/limit-reached.ts";
import { messageOf } from "../log.ts";
import { callPlaced, callRefused, callUnsettled, intendCall } from "../store/calls.ts";
import type { Store } from "../store/database.ts";

export interface PlacedOrder {
  /** The carrier's, in its order; there may be fewer than numbers. */
  readonly callIds: readonly string[];
}

/**
 * Calls every number of the order. No key goes out with it, not spelled either.
 *
 * @param using.askedIn the key of the session that asks and is told how the calls went.
 * @throws LimitReached when a number may not be called now: then none is. Its `facts` name each such number.
 * @throws the signal's reason before the carrier is asked, and never later.
 * @throws CarrierRefused, CarrierUnreachable; the store then says so too.
 */
export async function placeOrder(
  asked: StepOneOrder,
  using: {
    readonly store: Store;
    readonly rest: Pick<StepOneRest, "placeCalls">;
    /** The line's name. */
    readonly line: string;
    readonly config: Pick<SwitchboardConfig, "ownerNumbers"> & LimitSettings & SecretSettings;
    readonly askedIn?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<PlacedOrder> {
  const { store, rest, line, config, askedIn, signal } = using;
  const order = withoutKeys(asked, secretsOf(config));
  const calls: { readonly id: string; readonly number: ReturnType<typeof requirePhoneNumber> }[] = [];
  for (const written of order.numbers) {
    const number = requirePhoneNumber(`+86${written}`);
    const wanted = { line, carrier: "stepone", callee: number, purpose: order.requirement, askedIn };
    calls.push({ id: await intendCall(store, wanted), number });
  }
  const [first] = calls;
  // Now that they are written down: of orders given at the same time each sees those before it.
  const refused = new Map<string, LimitReached>();
  for (const { number } of calls) {
    const isToOwner = config.ownerNumbers.includes(number);
    const outreach = {
      what: "call",
      line,
      to: number,
      isToOwner,
      id: first?.id,
      calls: calls.length,
    } as const;
    await checkLimits(outreach, { store, config }).catch((error: unknown) => {
      if (!(error instanceof LimitReached)) throw error;
      refused.set(number, error);
    });
  }
  if (refused.size > 0 || signal?.aborted) {
    for (const { id, number } of calls) {
      await callRefused(store, id, refused.get(number)?.message ?? "Nobody of its order was called.");
    }
    signal?.throwIfAborted();
    throw orderRefused(refused, calls.length);
  }
  try {
    const callIds = await rest.placeCalls(order);
    for (const [index, { id }] of calls.entries()) {
      const carrierCallId = callIds[index];
      // With fewer ids than numbers nobody can tell whose they are.
      if (callIds.length === calls.length && carrierCallId !== undefined) {
        await callPlaced(store, id, { carrierCallId });
      } else {
        await callUnsettled(store, id, `StepOne gave ${callIds.length} ids for ${calls.length} numbers.`);
      }
    }
    return { callIds };
  } catch (error) {
    if (error instanceof CarrierError) {
      const settle = error.mayHaveHappened ? callUnsettled : callRefused;
      for (const { id } of calls) await settle(store, id, messageOf(error));
    }
    throw error;
  }
}

/** Which numbers may not be called, each with the rule; `facts` is for programs. */
function orderRefused(refused: ReadonlyMap<string, LimitReached>, count: number): LimitReached {
  const [[, first] = []] = refused;
  if (first === undefined) throw new RangeError("Nothing was refused.");
  const facts = {
    refused: [...refused].map(([number, { rule, message }]) => ({ number, rule, message })),
  };
  // Rules of the line and of the hour say the same of every number.
  const reasons = new Set([...refused.values()].map(({ message }) => message));
  const whole = `Nobody was called, since ${refused.size} of the ${count} numbers may not be (${[...refused.keys()].join(", ")}). ${[...reasons].join(" ")}`;
  return Object.assign(count === 1 ? first : new LimitReached(first.rule, whole), { facts });
}
