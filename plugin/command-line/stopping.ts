/** Owns how a command that takes its time is stopped: Ctrl-C, an end from outside, or nobody who reads on. */
import { type Answer, answer, isNobodyReading, type PlainContext } from "./run.ts";

/** Calls `stop` with the exit code to end with when the command is to stop; the result ends listening for it. */
export type OnStop = (stop: (exitCode: number) => void) => () => void;

/** Whoever stops a command knows why it ends; this is what they cannot know. `facts` is for programs. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  readonly facts: object;

  constructor(message: string, facts: object) {
    super(message);
    this.facts = facts;
  }
}

/**
 * Runs a command's work: printed as {@link answer} does; given up at once when it is to stop, without a word unless
 * there is a {@link Stopped} to tell, or something that may have happened.
 */
export async function answerUntilStopped(
  context: PlainContext,
  onStop: OnStop,
  options: { readonly json?: boolean },
  work: (signal: AbortSignal) => Promise<Answer | undefined>,
): Promise<void> {
  const stopping = new AbortController();
  let stoppedWith: number | undefined;
  const release = onStop((exitCode) => {
    stoppedWith ??= exitCode;
    stopping.abort();
  });
  try {
    await answer(context, options, async () => {
      try {
        return await work(stopping.signal);
      } catch (error) {
        const { mayHaveHappened } = error as { mayHaveHappened?: boolean };
        if (!stopping.signal.aborted || error instanceof Stopped || mayHaveHappened === true) throw error;
        return undefined;
      }
    });
  } finally {
    release();
    if (stoppedWith !== undefined) context.setExitCode(stoppedWith);
  }
}

/** Stops when this process is told to, or its output cannot be written. */
export const onProcessStop: OnStop = (stop) => {
  const stops = [
    ["SIGINT", () => stop(130)],
    ["SIGTERM", () => stop(143)],
  ] as const;
  // The context has told what there is to tell.
  const onClosed = (error: unknown) => stop(isNobodyReading(error) ? 0 : 1);
  for (const [signal, listener] of stops) process.on(signal, listener);
  process.stdout.on("error", onClosed);
  return () => {
    for (const [signal, listener] of stops) process.off(signal, listener);
    process.stdout.off("error", onClosed);
  };
};
