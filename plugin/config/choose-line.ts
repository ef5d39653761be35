/** Owns which line a command uses. */
import { isPrivateUrl, PRIVATE_URL } from "./private-url.ts";
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

/** Why a line cannot be used, as the end of a sentence about it; undefined when it can. */
export function whyNotUsable(line: LineConfig): string | undefined {
  // The loader leaves it unused, so that the key goes nowhere else: that is not what the owner has switched off.
  if (!isPrivateUrl(line.server) || !isPrivateUrl(line.apiUrl)) {
    return `has a wrong address (it ${PRIVATE_URL})`;
  }
  if (!line.enabled) return "is not enabled";
  return line.apiKey === undefined ? "has no key" : undefined;
}

/** There is no such line, or it cannot be used. The message is for people. */
export class NoUsableLine extends Error {
  override readonly name: string = "NoUsableLine";
}

/** No line has the name that was given. The message is for people. */
export class NoSuchLine extends NoUsableLine {
  override readonly name = "NoSuchLine";
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
        `No ${only === "" ? "phone" : only} line can be used: each is without a key or not enabled, or its address is wrong.`,
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
    throw new NoSuchLine(
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
  if (!canBeChosen(line)) throw new NoUsableLine(`The line "${name}" ${whyNotUsable(line)}.`);
  return line;
}
