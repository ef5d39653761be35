/** Owns which line a command uses. */
import { type CarrierName, carriers, type LineConfig, type SwitchboardConfig } from "./schema.ts";

/** A line that can be used: it has its key. */
export type UsableLine<Carrier extends CarrierName = CarrierName> = Extract<
  LineConfig,
  { readonly carrier: Carrier }
> & { readonly apiKey: string };

/** Whether a line can be used: it is enabled, and has its key. */
export function isUsable(line: LineConfig): line is UsableLine {
  return line.enabled && line.apiKey !== undefined;
}

/** There is no such line, or it cannot be used. The message is for people. */
export class NoUsableLine extends Error {
  override readonly name = "NoUsableLine";
}

/**
 * The line of that name, else the first one that can be used.
 *
 * @param wanted the carriers that will do; all of them when undefined.
 * @throws NoUsableLine
 */
export function chooseLine<Carrier extends CarrierName = CarrierName>(
  config: Pick<SwitchboardConfig, "lines">,
  name?: string,
  wanted?: readonly Carrier[],
): UsableLine<Carrier> {
  const only = (wanted ?? []).map((carrier) => carriers[carrier].title).join(" and ");
  const isWanted = (line: LineConfig): line is Extract<LineConfig, { readonly carrier: Carrier }> =>
    wanted === undefined || wanted.some((carrier) => carrier === line.carrier);
  const canBeChosen = (line: LineConfig): line is UsableLine<Carrier> => isWanted(line) && isUsable(line);

  if (name === undefined) {
    const first = config.lines.find(canBeChosen);
    if (first !== undefined) return first;
    const isThere = config.lines.some(isWanted);
    if (isThere) {
      throw new NoUsableLine(
        `No ${only === "" ? "phone" : only} line can be used: each is without a key or not enabled.`,
      );
    }
    const steps = (wanted ?? (Object.keys(carriers) as CarrierName[])).map(
      (carrier) => carriers[carrier].firstStep,
    );
    throw new NoUsableLine(
      config.lines.length === 0
        ? `No phone line is set up: ${steps.join("; or ")}.`
        : `This works on lines of ${only} alone, and none is set up: ${steps.join("; or ")}.`,
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
  if (!isWanted(line)) {
    throw new NoUsableLine(
      `The line "${name}" is with ${carriers[line.carrier].title}, and this works on lines of ${only} alone.`,
    );
  }
  if (!line.enabled) throw new NoUsableLine(`The line "${name}" is not enabled.`);
  if (!canBeChosen(line)) throw new NoUsableLine(`The line "${name}" has no key.`);
  return line;
}
