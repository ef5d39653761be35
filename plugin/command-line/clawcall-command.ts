/**
 * Owns the command for everything a ClawCall account can do: the account itself, calls, schedules, payments, agents.
 * What it needs is loaded when it is needed; what writes keys is in clawcall-keys.ts.
 */
import type { Command } from "commander";
import type { CallRequest } from "../calls/place-call.ts";
import type {
  BillingStatus,
  ClawCallAccount,
  ClawCallAgent,
  HistoryCall,
  PaidTier,
  Schedule,
} from "../carriers/clawcall/rest.ts";
import { describeTier, paidTiers, SCHEDULED_TASK_LIMIT, voices } from "../carriers/clawcall/terms.ts";
import { describePlaced } from "./call-command.ts";
import {
  type Account,
  addAgent,
  changePhone,
  keyFile,
  type RecoverOptions,
  type RegisterOptions,
  recover,
  register,
} from "./clawcall-keys.ts";
import { openCalls, openClawCallLine } from "./open-line.ts";
import { asWord, type Quoting, quoted } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  askingSession,
  type CommandContext,
  type CommonOptions,
  isRunByGateway,
  NotUnderstood,
  quotingFor,
  required,
  requiredLine,
  type Settings,
  wholeNumber,
  withCommonOptions,
} from "./run.ts";

/** Adds the subcommands to `command`. */
export function defineClawCallCommand(command: Command, context: CommandContext): void {
  withCommonOptions(command).description("A ClawCall account: get one, look after it, call, schedule, pay.");

  command
    .command("register")
    .description("Get an account, a key and a number for the agent.")
    .requiredOption("--phone <number>", "your own phone, with country code")
    .option("--name <name>", "the agent's name; the configured one unless given")
    .option("--email <address>", "yours, for replacing a lost key; the service makes one up unless given")
    .option("--yes", "do not ask: what is stored, and by whom, is known")
    .action(acting(context, (settings, options: RegisterOptions) => register(context, settings, options)));
  command
    .command("recover")
    .description("Replace the account's key; the old one is dead at once.")
    .option("--email <address>", "the account's email; CLAWCALL_EMAIL unless given")
    .option("--phone <number>", "your own phone; the only one of ownerNumbers unless given")
    .option("--name <name>", "the agent's name; the configured one unless given")
    .option(
      "--other-address",
      "the email is meant, though CLAWCALL_EMAIL is another; its account is given up here",
    )
    .option("--yes", "do not ask: that an address the service does not know makes a new account, is known")
    .action(acting(context, (settings, options: RecoverOptions) => recover(context, settings, options)));

  command
    .command("account")
    .description("Show the tier, the minutes and the agent's number.")
    .action(
      asking(context, async ({ rest }) => {
        const account = await rest.account();
        const { nameEmail } = await import("../config/redaction.ts");
        const email = account.email === undefined ? undefined : nameEmail(account.email);
        return { text: describeAccount({ ...account, email }), json: { account: { ...account, email } } };
      }),
    );
  command
    .command("phone")
    .description("Change your own phone: who may ring, and who is rung.")
    .argument("<number>", "with country code")
    .action(asking(context, (opened, number: string) => changePhone(context, opened, number)));
  command
    .command("voice")
    .description("Change the voice that is heard on the phone.")
    .addArgument(command.createArgument("<name>", "the voice").choices(voices))
    .action(
      asking(context, async ({ rest }, voice: string) => {
        await rest.setVoice(voice);
        return { text: `The voice is ${voice} now.`, json: { voice } };
      }),
    );
  command
    .command("webhook")
    .description("Where the service posts what happens to calls (Team).")
    .argument("<url>", 'an http(s) URL, or "off"')
    .action(
      asking(context, async ({ rest }, url: string) => {
        const { isHttpUrl } = await import("../config/schema.ts");
        if (url !== "off" && !isHttpUrl(url)) {
          throw new NotUnderstood(`${quoted(url)} is neither an http(s) URL nor "off".`);
        }
        await rest.setWebhook(url === "off" ? "" : url);
        return {
          text: url === "off" ? "The webhook is off." : `The webhook is ${url} now.`,
          json: { webhook: url === "off" ? null : url },
        };
      }),
    );

  command
    .command("callback")
    .description("Ring your own phone and say this (Pro, Team).")
    .argument("<message>", "what is said")
    .option("--no-followup", "hang up after the message instead of listening for an answer")
    .action(
      acting(context, async (settings, options: CommonOptions & { followup: boolean }, message: string) => {
        required("message", message);
        const request = {
          greeting: message,
          allowFollowup: options.followup,
          askedIn: askingSession(context),
        };
        return await place(request, settings, options, context);
      }),
    );
  command
    .command("third-party")
    .description("Let the agent call somebody else on your behalf (Pro, Team).")
    .argument("<number>", "with country code")
    .argument("<objective>", "what the call is to reach")
    .option("--context <text>", "what the agent may use and say on this call")
    .action(
      acting(
        context,
        async (
          settings,
          options: CommonOptions & { context?: string },
          number: string,
          objective: string,
        ) => {
          const { dialable } = await import("../calls/dial-policy.ts");
          const to = await dialable(number, settings.config);
          required("objective", objective);
          if (settings.config.ownerNumbers.includes(to)) {
            throw new NotUnderstood(`${to} is your own number: "clawcall callback" rings you.`);
          }
          const request = {
            to,
            purpose: objective,
            context: options.context,
            askedIn: askingSession(context),
          };
          return await place(request, settings, options, context);
        },
      ),
    );

  const history = command.command("history").description("List calls, the newest first.");
  history
    .option("--limit <count>", "how many", (given) => wholeNumber(history, "--limit", given, 100), 20)
    .option("--transcripts", "with what was said")
    .action(
      asking(context, async ({ rest, options }: Opened<HistoryOptions>) => {
        const calls = await rest.history({ limit: options.limit, transcripts: options.transcripts === true });
        const quoting = quotingFor(context);
        return {
          text: calls.map((call) => describeCall(call, quoting)).join("\n") || "No calls.",
          json: { calls },
          hasOthersWords: true,
        };
      }),
    );

  defineSchedule(command.command("schedule"), context);
  defineBilling(command.command("billing"), context);
  defineAgents(command.command("agents"), context);
}

interface HistoryOptions extends CommonOptions {
  readonly limit: number;
  readonly transcripts?: boolean;
}

async function place(
  request: CallRequest,
  settings: Settings,
  options: CommonOptions,
  context: CommandContext,
): Promise<Answer> {
  const opened = await openCalls(options, settings, ["clawcall"]);
  const { placeOn } = await import("../calls/request-call.ts");
  const placed = await placeOn(opened, request, settings, { isRunning: isRunByGateway(context) });
  for (const note of placed.notes) context.complain(`Note: ${note}\n`);
  return describePlaced(placed);
}

// --- schedules ------------------------------------------------------------------------------------------

interface ScheduleOptions extends CommonOptions {
  readonly label?: string;
  readonly task?: string;
  readonly timezone?: string;
  readonly dryRun?: boolean;
}

function defineSchedule(command: Command, context: CommandContext): void {
  command
    .description("Let the agent ring you at set times (Pro, Team).")
    .argument("<cron>", 'five fields, for instance "0 8 * * mon-fri"')
    .option("--label <name>", "what the call is called")
    .option("--task <text>", "what the agent is to tell you")
    .option("--timezone <name>", 'for instance "Europe/Berlin"; this machine\'s unless given')
    .option("--dry-run", "only show when it would ring")
    .action(
      acting(context, async (settings, options: ScheduleOptions, cron: string) => {
        const { checkSchedule } = await import("../briefings/schedule.ts");
        if (options.timezone !== undefined) required("time zone", options.timezone);
        const checked = checkSchedule({ cron, timezone: options.timezone }, new Date());
        const preview = {
          cron: checked.cron,
          timezone: checked.timezone,
          nextTimes: checked.nextTimes.map((time) => time.toISOString()),
        };
        const { checkRings } = await import("../limits/check-rings.ts");
        const { config } = settings;
        const line = options.line ?? config.lines.find(({ carrier }) => carrier === "clawcall")?.name;
        checkRings(checked, line, { config, now: new Date() });
        const inWords = [`"${checked.cron}" is next due on:`, ...checked.inWords.map((time) => `  ${time}`)];
        if (options.dryRun) {
          return {
            text: [...inWords, "Nothing was made."].join("\n"),
            json: { schedule: { ...preview, made: false } },
          };
        }
        if (!options.label?.trim() || !options.task?.trim()) {
          throw new NotUnderstood(
            "A scheduled call needs --label and --task: what it is called, and what to tell you.",
          );
        }
        const label = requiredLine("label", options.label);
        const task = options.task.trim();
        if (encodeURIComponent(task).length > SCHEDULED_TASK_LIMIT) {
          throw new NotUnderstood(
            "The --task is too long: the service takes about 3,800 Latin or 420 Chinese characters.",
          );
        }
        const { rest } = await openClawCallLine(options, settings);
        // A program reads one object on stdout.
        (options.json ? context.complain : context.print)(`${inWords.join("\n")}\n`);
        const made = await rest.schedule({
          cron: checked.cron,
          label,
          taskContext: task,
          timezone: checked.timezone,
        });
        return {
          text: `Scheduled ${quoted(made.label ?? label)}. Id: ${made.id}`,
          json: { schedule: { ...preview, made: true, id: made.id, label: made.label } },
        };
      }),
    );
  command
    .command("list")
    .description("List the scheduled calls.")
    .action(
      asking(context, async ({ rest }) => {
        const schedules = await rest.schedules();
        const { nextRun, timeInWords } = await import("../briefings/schedule.ts");
        const listed = schedules.map((schedule) => {
          const { cron, timezone = "UTC", isActive } = schedule;
          const next =
            cron === undefined || isActive === false ? undefined : nextRun({ cron, timezone }, new Date());
          return { ...schedule, nextAt: next?.toISOString(), next: next && timeInWords(next, timezone) };
        });
        return {
          text: listed.map(describeSchedule).join("\n") || "No scheduled calls.",
          json: { schedules: listed.map(({ next: _, ...schedule }) => schedule) },
        };
      }),
    );
  command
    .command("cancel")
    .description("End a scheduled call.")
    .argument("<id>", "as listed")
    .action(
      acting(context, async (settings, options, given: string) => {
        const id = required("id", given);
        const { rest } = await openClawCallLine(options, settings);
        await rest.cancelSchedule(id);
        return { text: `The schedule ${id} has ended.`, json: { id } };
      }),
    );
}

// --- payments -------------------------------------------------------------------------------------------

function defineBilling(command: Command, context: CommandContext): void {
  command.description("The tier: what it costs, paying for it, ending it.");
  const tier = () => command.createArgument("<tier>", "the tier").choices(paidTiers);
  command
    .command("checkout")
    .description("Show what a tier costs and where to pay. Pays nothing.")
    .addArgument(tier())
    .action(
      asking(context, async ({ rest }, wanted: PaidTier) => {
        const checkout = await rest.checkout(wanted);
        const { amount, token, chain, wallet } = checkout.payment;
        const overage = checkout.overage?.amount
          ? ` (${checkout.overage.amount} of it for minutes beyond the month's)`
          : "";
        return {
          text: [
            describeTier(wanted) ?? wanted,
            `Costs ${amount} ${asWord(token)}${overage}, to be sent on ${asWord(chain)} to ${asWord(wallet)}. Nothing has been paid.`,
            `After paying: clawcall billing verify <signature of the transaction> --tier ${wanted}`,
          ].join("\n"),
          json: { checkout },
        };
      }),
    );
  command
    .command("verify")
    .description("Show the service a payment, which changes the tier.")
    .argument("<signature>", "of the transaction")
    .addOption(
      command
        .createOption("--tier <tier>", "the tier that was paid for")
        .choices(paidTiers)
        .makeOptionMandatory(),
    )
    .action(
      acting(context, async (settings, options: CommonOptions & { tier: PaidTier }, signature: string) => {
        const txSignature = required("signature", signature);
        const { rest } = await openClawCallLine(options, settings);
        const paid = await rest.verify({ txSignature, tier: options.tier });
        const until = paid.validUntil === undefined ? "" : ` until ${paid.validUntil}`;
        return {
          text: `The payment is confirmed: ${describeTier(options.tier)}${until}.`,
          json: { verification: paid },
        };
      }),
    );
  command
    .command("status")
    .description("Show the tier, until when, and the payments.")
    .action(
      asking(context, async ({ rest }) => {
        const billing = await rest.billingStatus();
        return { text: describeBilling(billing), json: { billing } };
      }),
    );
  command
    .command("cancel")
    .description("Do not renew the tier; it stays until its time is over.")
    .action(
      asking(context, async ({ rest }) => {
        const { message } = await rest.cancelBilling();
        const said = message === undefined ? "" : ` ClawCall says: ${quoted(message)}`;
        return { text: `The tier will not be renewed.${said}`, json: { message } };
      }),
    );
}

// --- agents ---------------------------------------------------------------------------------------------

function defineAgents(command: Command, context: CommandContext): void {
  command.description("More agents on the account, each with a number and a key of its own (Team).");
  command
    .command("list")
    .description("List the account's agents.")
    .action(
      asking(context, async ({ rest }) => {
        const agents = await rest.agents();
        return { text: agents.map(describeAgent).join("\n") || "No agents.", json: { agents } };
      }),
    );
  command
    .command("add")
    .description("Add an agent; its key is kept in the .env file.")
    .argument("<name>", "the agent's name")
    .action(asking(context, (opened, name: string) => addAgent(context, opened, name)));
  command
    .command("rename")
    .description("Rename an agent.")
    .argument("<id>", "as listed")
    .argument("<name>", "the new name")
    .action(
      acting(context, async (settings, options, givenId: string, givenName: string) => {
        const id = required("id", givenId);
        const name = requiredLine("name", givenName);
        const { rest } = await openClawCallLine(options, settings);
        await rest.renameAgent(id, name);
        return { text: `The agent ${id} is ${quoted(name)} now.`, json: { agent: { id, name } } };
      }),
    );
  command
    .command("remove")
    .description("Remove an agent and give its number back.")
    .argument("<id>", "as listed")
    .action(
      acting(context, async (settings, options, given: string) => {
        const id = required("id", given);
        const { rest } = await openClawCallLine(options, settings);
        await rest.removeAgent(id);
        return {
          text: `The agent ${id} is removed. If its key was kept here, take its variable out of ${keyFile(settings)}, and its line out of the settings.`,
          json: { agent: { id } },
        };
      }),
    );
}

// --- how an action runs ---------------------------------------------------------------------------------

/** What most actions need. */
interface Opened<Options extends CommonOptions = CommonOptions> extends Account {
  readonly options: Options;
}

/** What commander calls: the arguments, the command's own options, the command. */
type Action<Args extends readonly string[]> = (...given: [...Args, unknown, Command]) => Promise<void>;

/** An action that asks the service of the line. */
function asking<Options extends CommonOptions, Args extends readonly string[]>(
  context: CommandContext,
  work: (opened: Opened<Options>, ...args: Args) => Promise<Answer>,
): Action<Args> {
  return acting(context, async (settings, options: Options, ...args: Args) => {
    const { line, rest } = await openClawCallLine(options, settings);
    return await work({ line, rest, settings, options }, ...args);
  });
}

function acting<Options extends CommonOptions, Args extends readonly string[]>(
  context: CommandContext,
  work: (settings: Settings, options: Options, ...args: Args) => Promise<Answer>,
): Action<Args> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const args = given.slice(0, -2) as unknown as Args;
    const options: Options = command.optsWithGlobals();
    await answerWith(context, options, (settings) => work(settings, options, ...args));
  };
}

// --- in words -------------------------------------------------------------------------------------------

function describeAccount(account: ClawCallAccount): string {
  const { tier, agentNumber, isDedicated, minutesUsed, minutesLimit, minutesRemaining } = account;
  const whose = tier === "free" ? "shared by all Free accounts" : "not the agent's own";
  const reach = isDedicated
    ? "the agent's own: anyone can ring it"
    : `${whose}: only your own phone gets through`;
  return [
    `Tier: ${tier === undefined ? "?" : (describeTier(tier) ?? tier)}`,
    `Number: ${agentNumber ?? "none"} (${reach})`,
    `Minutes this month: ${minutesUsed ?? "?"} of ${minutesLimit ?? "?"} used, ${minutesRemaining ?? "?"} left`,
    `Agent: ${quoted(account.agentName ?? "")} (${account.agentId ?? "?"})`,
    `Email: ${account.email ?? "?"}`,
  ].join("\n");
}

function describeCall(call: HistoryCall, quoting: Quoting): string {
  const way = call.direction === "inbound" ? `from ${asWord(call.from ?? "?")}` : "out";
  const length = call.durationSeconds === undefined ? undefined : `${call.durationSeconds} s`;
  const words = [call.callType, call.status].map((word) => (word === undefined ? undefined : asWord(word)));
  const facts = [asWord(call.startedAt ?? "?"), way, ...words, length, asWord(call.callSid)];
  const said = (call.transcript ?? []).map(
    ({ role, text }) => `    ${quoted(role)}: ${quoting(`"${role}" on that call`, text, quoted)}`,
  );
  return [facts.filter((fact) => fact !== undefined).join("  "), ...said].join("\n");
}

function describeSchedule(schedule: Schedule & { readonly next: string | undefined }): string {
  const { id, label, cron, timezone, taskContext, isActive, lastRunAt, next } = schedule;
  const facts = [
    id,
    quoted(label ?? ""),
    `${quoted(cron ?? "?")} (${timezone ?? "UTC"})`,
    isActive === false ? "off" : `next ${next ?? "never"}`,
    lastRunAt === undefined ? undefined : `last ${lastRunAt}`,
  ];
  return `${facts.filter((fact) => fact !== undefined).join("  ")}\n    ${quoted(taskContext ?? "")}`;
}

function describeBilling(billing: BillingStatus): string {
  const { tier, validUntil, daysRemaining, minutesUsed, minutesLimit, overageMinutes, overageOwed } = billing;
  const days = daysRemaining === undefined ? "" : ` (${daysRemaining} days)`;
  return [
    `Tier: ${tier === undefined ? "?" : (describeTier(tier) ?? tier)}`,
    ...(validUntil === undefined ? [] : [`Until: ${validUntil}${days}`]),
    `Minutes this month: ${minutesUsed ?? "?"} of ${minutesLimit ?? "?"} used`,
    ...(overageMinutes ? [`Beyond them: ${overageMinutes} minutes, ${overageOwed ?? "?"} USDC owed`] : []),
    ...billing.payments.map(
      (payment) =>
        `Paid: ${payment.amount ?? "?"} USDC for ${payment.tier ?? "?"} on ${payment.confirmedAt ?? "?"}  ${payment.txSignature ?? ""}`,
    ),
  ].join("\n");
}

function describeAgent(agent: ClawCallAgent): string {
  const { id, name, agentNumber, voice } = agent;
  return [id, quoted(name ?? ""), agentNumber ?? "no number of its own", voice ?? ""].join("  ").trimEnd();
}
