// Owns the accounts of the ClawCall practice server: keys and their rotation, agents and their numbers, tiers and
// the month's minutes.
import type { PracticeLine } from "./clawcall-line.ts";
import { OVERAGE_MINUTES, TIERS, type Tier, VOICES } from "./clawcall-wire.ts";

export interface ClawCallAgent {
  readonly id: string;
  readonly account: ClawCallAccount;
  name: string;
  key: string;
  /** The agent's own number; without it, the shared one. */
  readonly dedicatedNumber: string | undefined;
  voice: string;
  webhookUrl: string;
  webhookPushUrl: string | undefined;
  readonly createdAt: number;
}

/** One owner. Every field that can change may be set by a test. */
export interface ClawCallAccount {
  readonly email: string;
  /** The owner's phone: rung for callbacks, and the caller id the shared number lets through. */
  phoneNumber: string;
  tier: Tier;
  minutesUsed: number;
  /** Minutes beyond the tier's that a payment has made good. */
  overagePaid: number;
  validUntil: number | undefined;
  autoRenew: boolean;
  /** The first is the primary one. */
  readonly agents: ClawCallAgent[];
}

interface Registration {
  readonly phoneNumber: string;
  readonly agentName: string;
  readonly email?: string | undefined;
}

export class Accounts {
  /** In the order of their registration. */
  readonly all: ClawCallAccount[] = [];
  readonly #line: PracticeLine;
  readonly #isListening: (agent: ClawCallAgent) => boolean;
  #numbersGiven = 0;

  constructor(line: PracticeLine, isListening: (agent: ClawCallAgent) => boolean) {
    this.#line = line;
    this.#isListening = isListening;
  }

  open(
    { phoneNumber, agentName, email }: Registration,
    given: { tier?: Tier; key?: string; dedicatedNumber?: string | undefined } = {},
  ): ClawCallAgent {
    const account: ClawCallAccount = {
      email: (email ?? `${this.#line.newId("agent")}@practice.invalid`).toLowerCase(),
      phoneNumber,
      tier: given.tier ?? "free",
      minutesUsed: 0,
      overagePaid: 0,
      validUntil: undefined,
      autoRenew: true,
      agents: [],
    };
    this.all.push(account);
    return this.#addAgent(
      account,
      agentName,
      given.key ?? this.#line.newId("key"),
      given.dedicatedNumber,
      "",
    );
  }

  /** A known email gets a new key for its first agent; the old key is worth nothing from now on. */
  register(registration: Registration): { readonly agent: ClawCallAgent; readonly recovered: boolean } {
    const { email, phoneNumber } = registration;
    const known = this.all.find((account) => account.email === email?.toLowerCase());
    const [primary] = known?.agents ?? [];
    if (!known || !primary) return { agent: this.open(registration), recovered: false };
    known.phoneNumber = phoneNumber;
    primary.key = this.#line.newId("key");
    return { agent: primary, recovered: true };
  }

  /** One more agent, with a number of its own. */
  addAgent(account: ClawCallAccount, name: string, webhookUrl: string): ClawCallAgent {
    this.#numbersGiven += 1;
    const number = `+1555002${String(this.#numbersGiven).padStart(4, "0")}`;
    return this.#addAgent(account, name, this.#line.newId("key"), number, webhookUrl);
  }

  removeAgent(agent: ClawCallAgent): void {
    agent.account.agents.splice(agent.account.agents.indexOf(agent), 1);
  }

  byKey(key: string): ClawCallAgent | undefined {
    return this.#agents.find((agent) => agent.key === key);
  }

  /**
   * Whose agent picks up: on a number of its own that agent, whoever rings; on the shared number the first agent of
   * the account that registered the caller's phone. If several did: the one a client listens for, else the last.
   */
  reachedBy(from: string, to: string): ClawCallAgent | undefined {
    if (to !== this.#line.sharedNumber) return this.#agents.find((agent) => agent.dedicatedNumber === to);
    const reached = this.all
      .filter((account) => account.phoneNumber === from)
      .flatMap((account) => account.agents.slice(0, 1));
    return reached.findLast(this.#isListening) ?? reached.at(-1);
  }

  get #agents(): ClawCallAgent[] {
    return this.all.flatMap((account) => account.agents);
  }

  #addAgent(
    account: ClawCallAccount,
    name: string,
    key: string,
    dedicatedNumber: string | undefined,
    webhookUrl: string,
  ): ClawCallAgent {
    const agent: ClawCallAgent = {
      id: this.#line.newId("agent"),
      account,
      name,
      key,
      dedicatedNumber,
      voice: VOICES.aria,
      webhookUrl,
      webhookPushUrl: undefined,
      createdAt: this.#line.now(),
    };
    account.agents.push(agent);
    return agent;
  }
}

/** The month's minutes of an account, in whole minutes. */
export function minutesOf({ tier, minutesUsed, overagePaid }: ClawCallAccount) {
  const { minutes: limit } = TIERS[tier];
  const overage = tier === "free" ? 0 : Math.max(0, minutesUsed - limit - overagePaid);
  return {
    limit,
    remaining: Math.max(0, limit - minutesUsed),
    overage,
    usedUp: tier === "free" ? minutesUsed >= limit : overage >= OVERAGE_MINUTES,
  };
}
