/** Owns which line a command uses. */
import type { LineConfig, SwitchboardConfig } from "./schema.ts";

/** A line that can be used: it has its key. */
export type UsableLine = LineConfig & { readonly apiKey: string };

/** There is no such line, or it cannot be used. The message is for people. */
export class NoUsableLine extends Error {
  override readonly name = "NoUsableLine";
}

/**
 * The line of that name, else the first one that can be used.
 *
 * @throws NoUsableLine
 */
export function chooseLine(config: SwitchboardConfig, name?: string): UsableLine {
  if (name === undefined) {
    const first = config.lines.find((line): line is UsableLine => line.enabled && line.apiKey !== undefined);
    if (first !== undefined) return first;
    throw new NoUsableLine(
      config.lines.length === 0
        ? "No phone line is set up: get an API key at clawdtalk.com and set CLAWDTALK_API_KEY (the .env file in the gateway's state folder is a good place)."
        : "No phone line can be used: each is without a key or not enabled.",
    );
  }
  const line = config.lines.find((candidate) => candidate.name === name);
  if (line === undefined) {
    const names = config.lines.map((candidate) => candidate.name).join(", ");
    throw new NoUsableLine(
      names === ""
        ? `There is no line "${name}": none is set up.`
        : `There is no line "${name}", only ${names}.`,
    );
  }
  if (!line.enabled) throw new NoUsableLine(`The line "${name}" is not enabled.`);
  const { apiKey } = line;
  if (apiKey === undefined) throw new NoUsableLine(`The line "${name}" has no key.`);
  return { ...line, apiKey };
}
