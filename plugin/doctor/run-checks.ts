/** Owns how checks are run: side by side, each within its time, and none able to end the others. */
import { messageOf } from "../log.ts";
import { type Check, type Finding, USUAL_LIMIT_MS } from "./check.ts";
import type { Examination } from "./examination.ts";

/** What one check has found; nothing where it does not apply. */
export interface Looked {
  readonly check: Check;
  readonly findings: readonly Finding[];
}

/**
 * Runs the checks.
 *
 * @returns in the order of the checks.
 * @throws the reason of the examination's signal, and nothing else.
 */
export async function runChecks(checks: readonly Check[], examination: Examination): Promise<Looked[]> {
  const run = async (check: Check): Promise<Looked> => ({
    check,
    findings: await within(check, examination),
  });
  const together = await Promise.all(checks.filter(({ isAlone }) => !isAlone).map(run));
  const looked = new Map(together.map((each) => [each.check, each]));
  for (const check of checks.filter(({ isAlone }) => isAlone)) looked.set(check, await run(check));
  return checks.flatMap((check) => looked.get(check) ?? []);
}

async function within(check: Check, examination: Examination): Promise<readonly Finding[]> {
  const { id, limitMs = USUAL_LIMIT_MS } = check;
  const { signal } = examination;
  signal.throwIfAborted();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(
    () => reject(new TookTooLong(`It took longer than ${limitMs / 1_000} s and was not waited for.`)),
    limitMs,
  );
  try {
    return await Promise.race([check.look(examination), over]);
  } catch (error) {
    signal.throwIfAborted();
    // A busy machine is nobody's fault; anything else should not happen.
    const level = error instanceof TookTooLong ? "warning" : "problem";
    return [{ level, found: `The check "${id}" could not be made: ${messageOf(error)}` }];
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

class TookTooLong extends Error {}
