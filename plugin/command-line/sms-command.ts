/** Owns the command that sends and lists texts. What it needs is loaded when it is needed. */
import type { Command } from "commander";
import type { ListedText } from "../carriers/clawdtalk/rest.ts";
import type { E164 } from "../config/phone-number.ts";
import { openClawdTalkLine } from "./open-line.ts";
import { asWord, beginning, type Quoting, quoted } from "./quoted.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  NotUnderstood,
  quotingFor,
  type Settings,
  wholeNumber,
  withCommonOptions,
  withStore,
} from "./run.ts";

interface ListOptions extends CommonOptions {
  readonly limit: number;
  readonly contact?: string;
  readonly direction?: "inbound" | "outbound";
}

/**
 * Adds the subcommands to `command`.
 *
 * @param how.isAnyLine texts go over the line that can send them, and `send` need not be said.
 */
export function defineSmsCommand(
  command: Command,
  context: CommandContext,
  { isAnyLine = false }: { readonly isAnyLine?: boolean } = {},
): void {
  withCommonOptions(command).description("Send and read text messages.");
  command
    .command("send", { isDefault: isAnyLine })
    .description("Send a text.")
    .argument("<to>", 'the phone number, or "me" for your own phone')
    .argument("<message>", "the text; a long one goes as several messages")
    .option("--media <url>", "send this picture or file along; may be given again", collect, [])
    .action(async (to: string, message: string, _own: unknown, self: Command) => {
      const options: CommonOptions & { media: string[] } = self.optsWithGlobals();
      await answerWith(context, options, (settings) =>
        send({ to, body: message }, options, settings, { isAnyLine }),
      );
    });
  const list = command.command("list").description("List texts, the newest first.");
  list
    .option("--limit <count>", "how many", (given) => wholeNumber(list, "--limit", given, 100), 20)
    .option("--contact <number>", "only texts with this number")
    .addOption(list.createOption("--direction <direction>", "only these").choices(["inbound", "outbound"]))
    .action(async (_own: unknown, self: Command) => {
      const options: ListOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const contact = options.contact === undefined ? undefined : await numberOf(options.contact, settings);
        const { rest } = await openClawdTalkLine(options, settings);
        const { texts, total } = await rest.listTexts({
          limit: options.limit,
          contact,
          direction: options.direction,
        });
        const quoting = quotingFor(context);
        return {
          text: texts.map((text) => describe(text, quoting)).join("\n") || "No texts.",
          json: { texts, total },
          hasOthersWords: true,
        };
      });
    });
  command
    .command("conversations")
    .description("List whom texts were exchanged with.")
    .action(async (_own: unknown, self: Command) => {
      const options: CommonOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const { rest } = await openClawdTalkLine(options, settings);
        const conversations = await rest.listConversations();
        const quoting = quotingFor(context);
        const lines = conversations.map(({ contact, lastMessage, lastMessageAt, unreadCount }) =>
          [
            asWord(lastMessageAt ?? "?"),
            asWord(contact),
            `${unreadCount ?? 0} unread`,
            quoting(`the last text with ${contact}`, beginning(lastMessage ?? ""), quoted),
          ].join("  "),
        );
        return {
          text: lines.join("\n") || "No conversations.",
          json: { conversations },
          hasOthersWords: true,
        };
      });
    });
}

async function send(
  { to, body }: { readonly to: string; readonly body: string },
  options: CommonOptions & { readonly media: readonly string[] },
  settings: Settings,
  how: { readonly isAnyLine: boolean },
): Promise<Answer> {
  const number = await numberOf(to, settings);
  const name = how.isAnyLine ? await lineFor(number, options, settings) : options.line;
  const { line, rest } = await openClawdTalkLine({ line: name }, settings);
  const { sendText } = await import("../channel/send-text.ts");
  return await withStore(settings, async (store) => {
    const sent = await sendText(
      { line: line.name, to: number, body, mediaUrls: options.media, resend: false },
      { store, rest, config: settings.config },
    );
    const ids = sent.map((message) => message.carrierMessageId);
    const count = ids.length === 1 ? "" : ` in ${ids.length} messages`;
    const over = how.isAnyLine ? ` over ${line.name}` : "";
    return {
      text: `Sent to ${number}${over}${count}. Id: ${ids.join(", ")}`,
      json: {
        to: number,
        ...(how.isAnyLine ? { line: line.name } : {}),
        messages: sent.map((message) => ({ id: message.carrierMessageId, body: message.body })),
      },
    };
  });
}

/** @throws NotDialable, NotUnderstood */
async function numberOf(written: string, { config }: Settings): Promise<E164> {
  const { isOwner } = await import("../calls/request-call.ts");
  if (!isOwner(written)) {
    const { dialable } = await import("../calls/dial-policy.ts");
    return await dialable(written, config);
  }
  const [own] = config.ownerNumbers;
  if (own !== undefined) return own;
  throw new NotUnderstood('No number of yours is known: set "ownerNumbers", or write the number.');
}

/**
 * The name of the line that can send a text to this number.
 *
 * @throws NoRoute
 */
async function lineFor(to: E164, { line }: CommonOptions, { config }: Settings): Promise<string> {
  const { chooseRoute } = await import("../calls/choose-route.ts");
  const isToOwner = config.ownerNumbers.includes(to);
  const wish = { what: "text", to, isToOwner, line } as const;
  return (await chooseRoute(wish, { config })).line.name;
}

function describe(text: ListedText, quoting: Quoting): string {
  const [who, other = "?"] = text.direction === "outbound" ? ["to", text.to] : ["from", text.from];
  return [
    asWord(text.createdAt ?? "?"),
    `${who} ${asWord(other)}`,
    quoting(`a text ${who} ${other}`, beginning(text.body), quoted),
    text.status === undefined ? "" : asWord(text.status),
  ]
    .join("  ")
    .trimEnd();
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}
