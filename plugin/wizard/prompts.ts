/** Owns setup's questions to a person at a terminal. Everything is written to stderr: stdout is for what came of it. */
import {
  cancel,
  confirm,
  intro,
  isCancel,
  log,
  multiselect,
  note,
  password,
  select,
  text,
} from "@clack/prompts";
import { quoted } from "../command-line/quoted.ts";
import { parsePhoneNumber } from "../config/phone-number.ts";
import { type CarrierName, carriers } from "../config/schema.ts";
import { messageOf } from "../log.ts";
import { cleanName } from "./agent-names.ts";
import { shellVariables } from "./findings.ts";
import { type Asking, type Front, SetupCancelled } from "./front.ts";
import type { Answers, QuestionId } from "./setup-plan.ts";

type Ask = (answers: Answers, asking: Asking) => Promise<Answers | undefined>;

/** @param signal ends the question that is being asked. */
export function promptFront(signal: AbortSignal): Front {
  const output = process.stderr;
  const at = { output, signal };
  const answered = <Value>(value: Value): Exclude<Value, symbol> => {
    if (!isCancel(value)) return value as Exclude<Value, symbol>;
    if (!signal.aborted) cancel("Stopped.", { output });
    throw new SetupCancelled();
  };
  const askText = async (
    message: string,
    more: { placeholder?: string; validate?: (value: string) => string | undefined } = {},
  ) => {
    const { validate, ...rest } = more;
    const given = answered(
      await text({
        ...at,
        message,
        ...rest,
        ...(validate === undefined ? {} : { validate: (value) => validate((value ?? "").trim()) }),
      }),
    );
    return (given ?? "").trim();
  };
  const askName = async (message: string, found: string | undefined, file: string) => {
    if (found !== undefined) {
      const isIt = answered(
        await confirm({ ...at, message: `${message} ${file} says ${quoted(found)}. Use it?` }),
      );
      if (isIt) return found;
    }
    const given = await askText(message, {
      placeholder: "Enter leaves it out",
      validate: (value) =>
        value === "" || cleanName(value) !== undefined
          ? undefined
          : "Letters, please, and 40 of them at most.",
    });
    return given === "" ? undefined : cleanName(given);
  };
  const askKey = async (carrier: CarrierName, { check, note: remember, found, env }: Asking) => {
    const { title, variables, firstStep } = carriers[carrier];
    const name = variables.apiKey ?? "";
    const shell = shellVariables(carrier, { env, kept: found.envFile });
    for (;;) {
      const key = answered(
        await password({
          ...at,
          message: `The key of ${title}${carrier === "clawcall" ? "" : ` (${firstStep.replace(/ and set .*$/, "")})`}. It is not shown.`,
          validate: (value) =>
            (value ?? "").trim() === "" ? "Paste the key, or stop with Ctrl-C." : undefined,
        }),
      ).trim();
      const given = { ...shell, [name]: key };
      log.step(`Trying the key at ${title} …`, { output });
      try {
        const checked = await check(carrier, given);
        remember(checked);
        const { tier, number, ownerNumber } = checked;
        const facts = [
          tier,
          number === undefined ? undefined : `your agent's number is ${number}`,
          ownerNumber === undefined ? undefined : `yours is ${ownerNumber}`,
        ].filter((fact) => fact !== undefined);
        log.success(`It works${facts.length === 0 ? "" : `: ${facts.join(", ")}`}.`, { output });
        return given;
      } catch (error) {
        signal.throwIfAborted();
        log.warn(messageOf(error), { output });
      }
    }
  };
  const withKey = async (carrier: CarrierName, answers: Answers, asking: Asking): Promise<Answers> => ({
    ...answers,
    variables: { ...answers.variables, ...(await askKey(carrier, asking)) },
  });
  const questions: Readonly<Record<QuestionId, Ask>> = {
    services: async (answers) => ({
      ...answers,
      services: answered(
        await multiselect<CarrierName>({
          ...at,
          message: "Which phone services? One is enough; they work side by side.",
          required: true,
          options: [
            { value: "clawdtalk", label: "ClawdTalk", hint: "calls and texts; you sign up at clawdtalk.com" },
            {
              value: "clawcall",
              label: "ClawCall",
              hint: "calls; setup can make the account; records every call",
            },
            { value: "stepone", label: "StepOne", hint: "calls to mobile phones in mainland China" },
          ],
        }),
      ),
    }),
    "key:clawdtalk": (answers, asking) => withKey("clawdtalk", answers, asking),
    "key:stepone": (answers, asking) => withKey("stepone", answers, asking),
    "key:clawcall": async (answers, asking) => {
      const has = answered(
        await select({
          ...at,
          message: "Do you have a key of ClawCall?",
          options: [
            {
              value: false,
              label: "No: make an account for my phone number",
              hint: "you are asked once more",
            },
            { value: true, label: "Yes" },
          ],
        }),
      );
      return has ? await withKey("clawcall", answers, asking) : { ...answers, registers: true };
    },
    agentNameToRegister: async (answers, { found }) => ({
      ...answers,
      agentName: (await askName("What is your agent called?", found.names.agentName, "IDENTITY.md")) ?? "",
    }),
    ownerNumber: async (answers) => {
      const given = await askText(
        answers.registers
          ? "Your phone number, with its country code: the one you will call from."
          : "Your phone number, with its country code: texts from it are yours (Enter leaves it out).",
        {
          placeholder: "+15551234567",
          validate: (value) =>
            (value === "" && !answers.registers) || parsePhoneNumber(value) !== undefined
              ? undefined
              : "Write it like +15551234567 or +8613800138000.",
        },
      );
      const number = parsePhoneNumber(given);
      return { ...answers, ownerNumbers: number === undefined ? [] : [number] };
    },
    names: async (answers, { found }) => {
      const { names, config } = found;
      const ownerName =
        answers.ownerName ??
        config.ownerName ??
        (await askName("What is your name?", names.ownerName, "USER.md"));
      const agentName =
        answers.agentName ??
        config.agentName ??
        (await askName("What is your agent called?", names.agentName, "IDENTITY.md"));
      return { ...answers, ownerName, agentName };
    },
    greeting: async (answers) => {
      const greeting = await askText("What should your agent say when it answers?", {
        placeholder: "Enter leaves it to your agent",
        validate: (value) => (value.length > 500 ? "A greeting has 500 characters at most." : undefined),
      });
      return greeting === "" ? undefined : { ...answers, greeting };
    },
    callers: async (answers) => {
      note(
        [
          "Whoever is believed speaks with your rights; sensitive actions still ask for your approval.",
          "ClawdTalk says that it asks callers for a PIN: you have its word alone.",
          "ClawCall names the caller's number, and yours counts as you: a number can be forged.",
        ].join("\n"),
        "Do you believe who calls in?",
        { output },
      );
      return {
        ...answers,
        callers: answered(
          await select<"owner" | "unknown">({
            ...at,
            message: "Who calls in is …",
            options: [
              { value: "owner", label: "me", hint: "whoever the service lets through as me" },
              { value: "unknown", label: "nobody", hint: "turned away; the agent rings me instead" },
            ],
          }),
        ),
      };
    },
    httpWay: async (answers) => ({
      ...answers,
      httpWay: answered(
        await select<"streaming" | "sessions_send">({
          ...at,
          message:
            "Without the plugin the phone needs a way to your agent. What may the gateway open to programs with its token?",
          options: [
            {
              value: "streaming",
              label: "its streaming endpoint",
              hint: "answers begin early, one model call a turn",
            },
            { value: "sessions_send", label: "the tool sessions_send", hint: "answers come late" },
          ],
        }),
      ),
    }),
  };
  intro("Setting up the phone", { output });
  return {
    ask: (question, answers, asking) => questions[question](answers, asking),
    isWanted: async (question, { isGiven }) =>
      isGiven || answered(await confirm({ ...at, message: question, initialValue: false })),
    show: (words) => log.message(words, { output }),
    say: (sentence) => log.step(sentence, { output }),
  };
}
