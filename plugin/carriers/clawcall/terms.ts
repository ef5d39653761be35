/** Owns what ClawCall sells and offers: the tiers with their limits, and the voices (wire page, seed). */

interface TierTerms {
  readonly title: string;
  readonly minutesPerMonth: number;
  /** Whether the service rings anybody: callbacks, scheduled calls, calls to others. */
  readonly callsOut: boolean;
  readonly agents: number;
  readonly webhook: boolean;
  /** Whether minutes beyond the month's can be had, at {@link OVERAGE_DOLLARS_PER_MINUTE}. */
  readonly overage: boolean;
}

/** The tiers, the smallest first. */
export const tiers = {
  free: { title: "Free", minutesPerMonth: 10, callsOut: false, agents: 1, webhook: false, overage: false },
  pro: { title: "Pro", minutesPerMonth: 120, callsOut: true, agents: 1, webhook: false, overage: true },
  team: { title: "Team", minutesPerMonth: 500, callsOut: true, agents: 5, webhook: true, overage: true },
} as const satisfies Readonly<Record<string, TierTerms>>;

export type Tier = keyof typeof tiers;

/** The tiers that can be bought. */
export const paidTiers = ["pro", "team"] as const satisfies readonly Tier[];

const OVERAGE_DOLLARS_PER_MINUTE = 0.05;

/** The first is the one an account begins with. */
export const voices = ["aria", "joanna", "matthew", "amy", "brian", "emma", "olivia"] as const;

/**
 * How long a schedule's task may be, in characters of its URL-encoded form, of which a Chinese character has nine: the
 * service puts it into the address of a page, and 4,094 characters are what its server takes of one.
 */
export const SCHEDULED_TASK_LIMIT = 3_800;

/** "Free (10 minutes a month, calls from you only)"; undefined for a tier that is not known. */
export function describeTier(name: string): string | undefined {
  const terms: TierTerms | undefined = Object.hasOwn(tiers, name) ? tiers[name as Tier] : undefined;
  if (terms === undefined) return undefined;
  const facts = [
    `${terms.minutesPerMonth} minutes a month`,
    terms.callsOut ? "calls to you and to others, also scheduled" : "calls from you only",
    ...(terms.agents > 1 ? [`${terms.agents} agents`] : []),
    ...(terms.webhook ? ["a webhook"] : []),
    ...(terms.overage ? [`then $${OVERAGE_DOLLARS_PER_MINUTE} a minute`] : []),
  ];
  return `${terms.title} (${facts.join(", ")})`;
}

/** What not every tier has. */
export type TierFeature = "callsOut" | "agents" | "webhook";

/**
 * Which tier this needs, and how to come by it.
 *
 * @param tier the account's own, where it is known.
 */
export function tierRefusal(feature: TierFeature, tier?: string): string {
  const names = Object.keys(tiers) as Tier[];
  const enough = names.filter((name) => Number(tiers[name][feature]) > Number(tiers.free[feature]));
  const titles = enough.map((name) => tiers[name].title).join(" or ");
  const own = tier === undefined ? "" : ` (the account has ${tier})`;
  return `This needs ClawCall's ${titles} tier${own}: "clawcall billing checkout ${enough[0]}" shows what it costs.`;
}
