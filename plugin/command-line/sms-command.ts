/** Owns the command that sends and lists texts. What it needs is loaded when it is needed. */
import type { Command } from "commander";
import type { ListedText } from "../carriers/clawdtalk/rest.ts";
import { openClawdTalkLine } from "./open-line.ts";
import { quoted } from "./quoted.ts";
import {
  answerWith,
  type CommandContext,
  type CommonOptions,
  type Settings,
  wholeNumber,
  withCommonOptions,
} from "./run.ts";

interface ListOptions extends CommonOptions {
  readonly limit: number;
  readonly contact?: string;
  readonly direction?: "inbound" | "outbound";
}

/** Adds the subcommands to `command`. */
export function defineSmsCommand(command: Command, context: CommandContext): void {
  withCommonOptions(command).description("Send and read text messages.");
  command
    .command("send")
    .description("Send a text.")
    .argument("<to>", "the phone number, with country code")
    .argument("<message>", "the text; a long one goes as several messages")
    .option("--media <url>", "send this picture or file along; may be given again", collect, [])
    .action(async (to: string, message: string, _own: unknown, self: Command) => {
      const options: CommonOptions & { media: string[] } = self.optsWithGlobals();
      await answerWith(context, options, (settings) => send(to, message, options, settings));
    });
  const list = command.command("list").description("List texts, the newest first.");
  list
    .option("--limit <count>", "how many", (given) => wholeNumber(list, "--limit", given, 100), 20)
    .option("--contact <number>", "only texts with this number")
    .addOption(list.createOption("--direction <direction>", "only these").choices(["inbound", "outbound"]))
    .action(async (_own: unknown, self: Command) => {
      const options: ListOptions = self.optsWithGlobals();
      await answerWith(context, options, async (settings) => {
        const { requirePhoneNumber } = await import("../config/phone-number.ts");
        const contact = options.contact === undefined ? undefined : requirePhoneNumber(options.contact);
        const { rest } = await openClawdTalkLine(options, settings);
        const { texts, total } = await rest.listTexts({
          limit: options.limit,
          contact,
          direction: options.direction,
        });
        return { text: texts.map(describe).join("\n") || "No texts.", json: { texts, total } };
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
        const lines = conversations.map(({ contact, lastMessage, lastMessageAt, unreadCount }) =>
          [lastMessageAt ?? "?", contact, `${unreadCount ?? 0} unread`, quoted(lastMessage ?? "")].join("  "),
        );
        return { text: lines.join("\n") || "No conversations.", json: { conversations } };
      });
    });
}

async function send(
  to: string,
  body: string,
  options: CommonOptions & { readonly media: readonly string[] },
  settings: Settings,
) {
  const { requirePhoneNumber } = await import("../config/phone-number.ts");
  const number = requirePhoneNumber(to);
  const { line, rest } = await openClawdTalkLine(options, settings);
  const { openStore, closeStore } = await import("../store/database.ts");
  const { sendText } = await import("../channel/send-text.ts");
  const store = await openStore(settings.stateFolder);
  try {
    const sent = await sendText(
      { line: line.name, to: number, body, mediaUrls: options.media, resend: false },
      { store, rest },
    );
    const ids = sent.map((message) => message.carrierMessageId);
    const count = ids.length === 1 ? "" : ` in ${ids.length} messages`;
    return {
      text: `Sent to ${number}${count}. Id: ${ids.join(", ")}`,
      json: {
        to: number,
        messages: sent.map((message) => ({ id: message.carrierMessageId, body: message.body })),
      },
    };
  } finally {
    await closeStore(store);
  }
}

function describe(text: ListedText): string {
  const [who, other] = text.direction === "outbound" ? ["to", text.to] : ["from", text.from];
  return [text.createdAt ?? "?", `${who} ${other ?? "?"}`, quoted(text.body), text.status ?? ""]
    .join("  ")
    .trimEnd();
}

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}
