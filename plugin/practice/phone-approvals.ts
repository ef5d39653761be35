// Owns the approvals that come up on the phone of the person at the terminal: shown as they come, answered by typing
// "approve" or "deny".
import type { Approval } from "./approvals.ts";
import type { ClawdTalkPractice } from "./clawdtalk-server.ts";

/** What the phone asks its owner. */
export interface PhoneApprovals {
  /** Whether these words answer a question: those that do are not said. */
  isAnswer(words: string): boolean;
  /** Resolves when a question is open, with true, or when `over` is, with false. Never rejects. */
  isAsked(over: Promise<unknown>): Promise<boolean>;
  /** Answers the oldest open question; false when there is none. */
  answer(words: string): boolean;
}

const DECISIONS: ReadonlyMap<string, "approved" | "denied"> = new Map([
  ["approve", "approved"],
  ["deny", "denied"],
]);
const FOREVER = { timeoutMs: Number.POSITIVE_INFINITY };

/** Shows every question of the line as it comes, and how it ended; `print` is given whole lines. */
export function showApprovals(line: ClawdTalkPractice, print: (line: string) => void): PhoneApprovals {
  const open = (): Approval | undefined => line.approvals.find(({ status }) => status === "pending");
  const shown = new Map<Approval, Approval["status"]>();
  const showNew = (): undefined => {
    for (const approval of line.approvals) {
      if (shown.get(approval) === approval.status) continue;
      const isNew = !shown.has(approval);
      shown.set(approval, approval.status);
      if (isNew && approval.status === "pending") for (const row of question(approval)) print(row);
      else print(`Your phone: "${approval.action}" is ${ENDS[approval.status]}.`);
    }
  };
  // The line looks after everything that happens. Nothing is ever found: only its closing ends this.
  line.until(showNew, "the end of the line", FOREVER).catch(() => {});
  const decisionIn = (words: string) => DECISIONS.get(words.trim().toLowerCase());
  return {
    isAnswer: (words) => decisionIn(words) !== undefined,
    isAsked: async (over) => {
      if (open() !== undefined) return true;
      const asked = line.until(open, "a question", FOREVER).then(() => true);
      return await Promise.race([asked, over.then(() => open() !== undefined)]).catch(() => false);
    },
    answer: (words) => {
      const [decision, approval] = [decisionIn(words), open()];
      if (decision === undefined || approval === undefined) return false;
      line.pressApproval(approval.request_id, decision);
      return true;
    },
  };
}

const ENDS: Readonly<Record<Approval["status"], string>> = {
  pending: "open",
  approved: "approved",
  denied: "denied",
  expired: "not answered in time",
  timeout: "not answered in time",
  no_devices: "not shown: no phone is registered",
  no_devices_reached: "not shown: no phone was reached",
};

function question({ action, details, require_biometric: isBiometric }: Approval): readonly string[] {
  return [
    `Your phone asks${isBiometric ? " for your fingerprint" : ""}: ${action}`,
    ...(details ?? "")
      .split("\n")
      .filter((row) => row !== "")
      .map((row) => `    ${row}`),
    '    Type "approve" or "deny".',
  ];
}
