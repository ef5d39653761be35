/**
 * Owns the command that asks the owner for approvals and shows how they were answered. Its exit code is 0 for what was
 * approved (and for a list), 2 for what was not understood, 1 for everything else: whoever acts on 0 alone is right.
 */
import type { Command } from "commander";
import type { ListedApproval } from "../carriers/clawdtalk/rest.ts";
import type { ApprovalStatus, KnownApproval } from "../store/approvals.ts";
import type { ApprovalUsing, ApprovalWish } from "../trust/approvals.ts";
import { openClawdTalkLine } from "./open-line.ts";
import { quoted } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  required,
  requiredLine,
  type Settings,
  settingsOf,
  wholeNumber,
  withCommonOptions,
  withStore,
} from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop, Stopped } from "./stopping.ts";

interface RequestOptions extends CommonOptions {
  readonly details?: string;
  readonly biometric?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly wait: boolean;
}

/** How an approval may stand; the type says when one is missing. */
const STATUSES: Readonly<Record<ApprovalStatus, true>> = {
  pending: true,
  approved: true,
  denied: true,
  timeout: true,
  expired: true,
  no_devices: true,
  no_devices_reached: true,
  error: true,
};

/** Adds the subcommands to `command`. */
export function defineApprovalCommand(
  command: Command,
  context: CommandContext,
  onStop: OnStop = onProcessStop,
): void {
  withCommonOptions(command)
    .description("Ask your owner for a yes on their phone.")
    .addHelpText("after", "\nExit codes: 0 approved, 1 anything else (do not do it), 2 not understood.");
  const request = command.command("request");
  request
    .description("Ask, and wait for the answer.")
    .argument("<action>", "what is to be done, in a few words")
    .option("--details <text>", "what has to be seen to decide: the whole text, the amount")
    .option("--biometric", "a fingerprint or face is needed to say yes")
    .option("--timeout <seconds>", "how long to wait (default: your settings', else 300)", (given) =>
      wholeNumber(request, "--timeout", given, 3_600),
    )
    .option("--no-wait", "do not wait: the answer is shown by status")
    .action(async (action: string, _own: unknown, self: Command) => {
      const options: RequestOptions = self.optsWithGlobals();
      await answerUntilStopped(context, onStop, options, async (signal) => {
        const asked = requiredLine("action", action);
        return await ask(asked, options, await settingsOf(context), { context, signal });
      });
    });
  command
    .command("status")
    .description("Show how a question was answered.")
    .argument("<id>", "as printed when it was asked (the beginning is enough), or the service's")
    .action(async (id: string, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) =>
        status(required("id", id), options, settings, context),
      );
    });
  const list = command.command("list");
  list
    .description("List the questions that stand like this.")
    .addArgument(
      list.createArgument("[status]", "how they stand").choices(Object.keys(STATUSES)).default("pending"),
    )
    .action(async (wanted: ApprovalStatus, _own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, (settings) => listed(wanted, options, settings));
    });
}

interface Running {
  readonly context: CommandContext;
  readonly signal: AbortSignal;
}

async function ask(
  action: string,
  options: RequestOptions,
  settings: Settings,
  { context, signal }: Running,
): Promise<Answer> {
  const { awaitApproval, sendApproval } = await import("../trust/approvals.ts");
  const { secretsOf } = await import("../config/redaction.ts");
  const { line, rest } = await openClawdTalkLine(options, settings);
  const wish: ApprovalWish = {
    action,
    details: options.details,
    biometric: options.biometric === true,
    timeoutSeconds: options.timeout ?? settings.config.approvals.timeoutSeconds,
  };
  return await withStore(settings, async (store) => {
    const using: ApprovalUsing = { line, rest, store, secrets: secretsOf(settings.config), signal };
    const sent = await sendApproval(wish, using);
    const { id, problem } = sent;
    if (sent.status !== "pending" || !options.wait) {
      return await described({ id, line: line.name, action, status: sent.status }, { context, problem });
    }
    const phones = sent.devicesNotified === undefined ? "" : ` on ${count(sent.devicesNotified, "phone")}`;
    context.complain(`Asked${phones}, waiting up to ${wish.timeoutSeconds} s. Id: ${id}\n`);
    try {
      const settled = await awaitApproval(id, wish, using);
      const { answer } = settled;
      return await described(
        { id, line: line.name, action, status: answer },
        { context, problem: settled.problem },
      );
    } catch (error) {
      const facts = { approval: { id, line: line.name, action, status: "pending" } };
      if (!signal.aborted) throw Object.assign(error as Error, { facts });
      throw new Stopped(
        `Stopped waiting; the question stays on the phone. To see its answer: approval status ${id}`,
        facts,
      );
    }
  });
}

async function status(
  id: string,
  options: CommonOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  const { findApprovalsById } = await import("../store/approvals.ts");
  const { refreshApproval } = await import("../trust/approvals.ts");
  return await withStore(settings, async (store) => {
    const found = (await findApprovalsById(store, id)).filter(
      ({ line }) => options.line === undefined || line === options.line,
    );
    const [known, other] = found;
    if (other !== undefined) {
      throw new Error(
        `${found.length} questions have the id ${JSON.stringify(id)} or one that begins like it: give the whole id.`,
      );
    }
    if (known === undefined) return await ofService(id, options, settings, context);
    const facts = (approval: KnownApproval) => ({
      id: approval.id,
      line: approval.line,
      action: approval.action,
      status: approval.status,
      expiresAt: approval.expiresAt.toISOString(),
      decidedAt: approval.decidedAt?.toISOString(),
    });
    if (known.status !== "pending") return await described(facts(known), { context });
    const { rest } = await openClawdTalkLine({ line: known.line }, settings);
    const { approval, problem } = await refreshApproval(known, { rest, store });
    return await described(facts(approval), { context, problem });
  });
}

/** A question that was not asked from here. */
async function ofService(
  id: string,
  options: CommonOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Answer> {
  const { line, rest } = await openClawdTalkLine(options, settings);
  const found = await rest.getApproval(id);
  const status = found.status ?? "pending";
  // A word of the service's that nobody knows is no yes.
  return await described(
    { id, line: line.name, status: isStatus(status) ? status : "pending", expiresAt: found.expiresAt },
    { context },
  );
}

async function listed(wanted: ApprovalStatus, options: CommonOptions, settings: Settings): Promise<Answer> {
  const { approvalIds, approvalsWith } = await import("../store/approvals.ts");
  const { line, rest } = await openClawdTalkLine(options, settings);
  const approvals = await withStore(settings, async (store) => {
    // What could not be asked, only we know.
    if (wanted === "error") {
      const ours = await approvalsWith(store, { line: line.name, status: wanted });
      return ours.map(({ id, action, expiresAt, status }) => ({
        id,
        action,
        status: status as string,
        expiresAt: expiresAt.toISOString(),
      }));
    }
    const found = await rest.listApprovals(wanted);
    const ids = await approvalIds(store, {
      line: line.name,
      carrierRequestIds: found.map(({ requestId }) => requestId),
    });
    return found.map((approval: ListedApproval) => ({
      id: ids.get(approval.requestId) ?? approval.requestId,
      action: approval.action,
      status: approval.status ?? wanted,
      expiresAt: approval.expiresAt,
    }));
  });
  const lines = approvals.map(({ id, action, status, expiresAt }) =>
    [expiresAt ?? "?", status, quoted(action ?? ""), id].join("  "),
  );
  return { text: lines.join("\n") || `No approval is ${wanted}.`, json: { approvals } };
}

/** The answer alone on the first line, then what it means; only an approval leaves the exit code 0. */
async function described(
  approval: { readonly id: string; readonly status: ApprovalStatus } & Readonly<Record<string, unknown>>,
  { context, problem }: { readonly context: CommandContext; readonly problem?: string | undefined },
): Promise<Answer> {
  const { WHAT_TO_DO } = await import("../trust/approvals.ts");
  const { id, status } = approval;
  if (problem !== undefined) context.complain(`${problem}\n`);
  if (status !== "approved") context.setExitCode(1);
  return {
    text: `${status}\n${WHAT_TO_DO[status]}\nId: ${id}`,
    json: { ok: status !== "error", approval, ...(problem === undefined ? {} : { problem }) },
  };
}

function isStatus(word: string): word is ApprovalStatus {
  return Object.hasOwn(STATUSES, word);
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
