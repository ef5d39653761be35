// Owns the payments of the ClawCall practice server: what a tier costs, transactions that stand in for the chain's,
// and what a confirmed one buys. No money moves.
import { randomBytes } from "node:crypto";
import { type ClawCallAccount, minutesOf } from "./clawcall-accounts.ts";
import { OVERAGE_RATE_RAW, TIERS, type Tier } from "./clawcall-wire.ts";

/** USDC on Solana mainnet. */
const MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const CHAIN = "solana-mainnet";
const RAW_UNITS = 1_000_000;
const SUBSCRIPTION_MS = 30 * 24 * 60 * 60 * 1_000;
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export interface Payment {
  readonly tier: Exclude<Tier, "free">;
  /** Default: what the tier costs. */
  readonly amountRaw?: number;
  /** Default true; false is a transaction the chain has not confirmed (yet). */
  readonly confirmed?: boolean;
}

interface Transaction {
  readonly amountRaw: number;
  readonly confirmed: boolean;
  usedBy: { readonly account: ClawCallAccount; readonly tier: Tier; readonly at: number } | undefined;
}

/** Why a payment bought nothing: `used` before, or not `confirmed` (or too small). */
export type PaymentRefusal = "used" | "unconfirmed";

export class Billing {
  /** Where to pay; empty: payments are off. */
  readonly wallet: string;
  readonly #now: () => number;
  readonly #transactions = new Map<string, Transaction>();

  constructor(wallet: string, now: () => number) {
    this.wallet = wallet;
    this.#now = now;
  }

  /** Makes a transaction as if somebody had paid; returns its signature. */
  pay({ tier, amountRaw = TIERS[tier].priceRaw, confirmed = true }: Payment): string {
    const signature = Array.from(randomBytes(88), (byte) => BASE58[byte % BASE58.length]).join("");
    this.#transactions.set(signature, { amountRaw, confirmed, usedBy: undefined });
    return signature;
  }

  checkout(account: ClawCallAccount, tier: Tier) {
    const { overage } = minutesOf(account);
    const overageRaw = overage * OVERAGE_RATE_RAW;
    const amountRaw = TIERS[tier].priceRaw + overageRaw;
    const amount = amountRaw / RAW_UNITS;
    return {
      tier,
      payment: {
        chain: CHAIN,
        wallet: this.wallet,
        token: "USDC",
        mint: MINT,
        amount,
        amount_raw: amountRaw,
        decimals: 6,
      },
      instructions: `Send exactly ${amount} USDC on Solana mainnet to ${this.wallet}, then verify the signature.`,
      overage: {
        minutes: overage,
        rate_per_min: OVERAGE_RATE_RAW / RAW_UNITS,
        amount: overageRaw / RAW_UNITS,
      },
    };
  }

  /** Raises the account to `tier` for 30 days, or says why not. */
  verify(account: ClawCallAccount, signature: string, tier: Tier): PaymentRefusal | object {
    const transaction = this.#transactions.get(signature);
    if (transaction?.usedBy) return "used";
    if (!transaction?.confirmed || transaction.amountRaw < TIERS[tier].priceRaw) return "unconfirmed";
    const at = this.#now();
    transaction.usedBy = { account, tier, at };
    account.overagePaid += minutesOf(account).overage;
    account.tier = tier;
    account.validUntil = at + SUBSCRIPTION_MS;
    const validUntil = new Date(account.validUntil).toISOString();
    return {
      tier,
      token: "USDC",
      chain: CHAIN,
      amount_paid: transaction.amountRaw / RAW_UNITS,
      minutes_limit: TIERS[tier].minutes,
      valid_until: validUntil,
      message: `Upgraded to ${tier}, valid until ${validUntil.slice(0, 10)}.`,
    };
  }

  status(account: ClawCallAccount) {
    const { limit, remaining, overage } = minutesOf(account);
    const { tier, minutesUsed, validUntil } = account;
    const until = validUntil === undefined ? null : new Date(validUntil).toISOString();
    return {
      tier,
      minutes_used: minutesUsed,
      minutes_limit: limit,
      minutes_remaining: remaining,
      subscription_valid_until: until,
      days_remaining:
        validUntil === undefined ? null : Math.max(0, Math.floor((validUntil - this.#now()) / 86_400_000)),
      accepted_tokens: ["USDC"],
      chain: CHAIN,
      payments: [...this.#transactions].flatMap(([tx, { amountRaw, usedBy }]) =>
        usedBy?.account === account
          ? [
              {
                tier: usedBy.tier,
                amount: amountRaw / RAW_UNITS,
                status: "confirmed",
                confirmed_at: new Date(usedBy.at).toISOString(),
                valid_until: new Date(usedBy.at + SUBSCRIPTION_MS).toISOString(),
                tx,
              },
            ]
          : [],
      ),
      overage_minutes: overage,
      overage_owed_usdc: (overage * OVERAGE_RATE_RAW) / RAW_UNITS,
    };
  }

  /** The plan stays until it runs out, and is not renewed. */
  cancel(account: ClawCallAccount) {
    account.autoRenew = false;
    const until = account.validUntil === undefined ? "now" : new Date(account.validUntil).toISOString();
    return { message: `Auto-renew cancelled. The plan stays active until ${until}.` };
  }
}
