/** Owns how a command makes sure that something is wanted: asked at the terminal, or said with `--yes`. */
import type { PlainContext } from "./run.ts";

/**
 * Asks, unless `--yes` has answered.
 *
 * @param otherwise what did not happen: "Nothing was registered."
 * @throws Error when the answer is no, or there is nobody to ask.
 */
export async function makeSure(
  context: PlainContext,
  { yes }: { readonly yes?: boolean },
  {
    question,
    otherwise,
    signal,
  }: {
    readonly question: string;
    readonly otherwise: string;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  if (yes) return;
  const answer = await context.ask(`${question} [y/N] `, signal);
  if (answer === undefined) {
    throw new Error(`${otherwise} Where nobody can be asked, --yes says that this is wanted.`);
  }
  if (!isYes(answer)) throw new Error(otherwise);
}

export function isYes(answer: string): boolean {
  return /^\s*(?:y|yes|是|好)\s*$/i.test(answer);
}
