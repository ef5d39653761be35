/** Owns trying a key at its service before it is kept, and what the account tells about its owner. */
import { CarrierRefused } from "../carriers/carrier-errors.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import { isUsable, whyNotUsable } from "../config/choose-line.ts";
import { type ConfigPlaces, loadConfig, loadImplicitLine } from "../config/loader.ts";
import { type E164, parsePhoneNumber } from "../config/phone-number.ts";
import { nameKey } from "../config/redaction.ts";
import { type CarrierName, carriers } from "../config/schema.ts";
import { callsOf } from "../lines/line-calls.ts";
import { messageOf } from "../log.ts";
import { packageVersion } from "../version.ts";

/** A key that works. */
export interface CheckedKey {
  readonly carrier: CarrierName;
  /** As it may be shown. */
  readonly key: string;
  /** The service's word for what was paid. */
  readonly tier?: string | undefined;
  /** The number the agent is reached at. */
  readonly number?: string | undefined;
  /** The account's own phone: the owner's. */
  readonly ownerNumber?: E164 | undefined;
}

/** The key was not tried with success. The message is for people. */
export class KeyNotChecked extends Error {
  override readonly name = "KeyNotChecked";
  /** The service has said that it is none of its keys; otherwise it could not be asked. */
  readonly isRefused: boolean;

  constructor(message: string, isRefused: boolean) {
    super(message);
    this.isRefused = isRefused;
  }
}

/**
 * Asks the service about the account; nothing is changed or paid there.
 *
 * @param variables what would stand in the gateway's `.env`: the key, and an address of its own.
 * @throws KeyNotChecked
 */
export async function checkKey(
  carrier: CarrierName,
  variables: Readonly<Record<string, string>>,
  places: ConfigPlaces,
): Promise<CheckedKey> {
  const asKept = { ...places, env: { ...places.env, ...variables } };
  const line = loadImplicitLine(asKept, carrier);
  const { title } = carriers[carrier];
  if (!isUsable(line)) {
    throw new KeyNotChecked(
      whyNotUsable(line) === "has no key"
        ? `This is no key of ${title}: it has characters that no key has.`
        : `The line "${line.name}" ${whyNotUsable(line)}.`,
      true,
    );
  }
  const key = nameKey(line.apiKey);
  try {
    if (line.carrier === "clawdtalk") {
      const rest = new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey: line.apiKey, version: packageVersion() });
      const { phone, phoneVerified, tier, dedicatedNumber, systemNumber } = await rest.me();
      const ownerNumber = phone && phoneVerified !== false ? parsePhoneNumber(phone) : undefined;
      return { carrier, key, tier, number: dedicatedNumber ?? systemNumber ?? undefined, ownerNumber };
    }
    const { config } = loadConfig(asKept);
    const { tier, number } = await (await callsOf(line, config)).account();
    return { carrier, key, tier, number };
  } catch (error) {
    const isRefused = error instanceof CarrierRefused && [401, 403].includes(error.status);
    throw new KeyNotChecked(
      isRefused
        ? `${title} does not take the key ${key}: copy it again, or make a new one.`
        : `The key ${key} could not be tried: ${messageOf(error)}`,
      isRefused,
    );
  }
}
