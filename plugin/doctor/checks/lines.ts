/** Owns the checks of the lines: keys, accounts, connections, who else uses them, and what their services say. */
import { ClawdTalkRest } from "../../carriers/clawdtalk/rest.ts";
import { type ServiceDoctorKind, serviceDoctorKinds } from "../../carriers/clawdtalk/service-doctor.ts";
import { isUsable, type UsableLine, whyNotUsable } from "../../config/choose-line.ts";
import { quoteOutside, secretsOf } from "../../config/redaction.ts";
import { carriers } from "../../config/schema.ts";
import { findOldClients, type OldClient } from "../../installation/old-clients.ts";
import { type Ability, type LineAccount, reachOf } from "../../lines/line-calls.ts";
import { messageOf } from "../../log.ts";
import { type Check, type Finding, type Level, ok, problem, warning } from "../check.ts";
import type { Examination } from "../examination.ts";

const keys: Check = {
  id: "line-keys",
  group: "Lines",
  looksAt: "whether there is a line, and each has its key",
  why: "A line is an account at a phone service: without one there is no phone.",
  mend: "`setup`",
  async look(examination) {
    const { lines } = examination.settings.config;
    const setup = await examination.ours("setup");
    if (lines.length === 0) return problem("No phone line is set up.", setup);
    return lines.flatMap((line) => {
      if (isUsable(line)) return [];
      const why = whyNotUsable(line) ?? "cannot be used";
      // One that its owner has switched off is as it should be.
      const isOff = why === "is not enabled";
      return isOff ? ok(`${line.name}: switched off.`) : problem(`The line "${line.name}" ${why}.`, setup);
    });
  },
};

const accounts: Check = {
  id: "line-accounts",
  group: "Lines",
  looksAt: "each line's key and account, asked live: tier, number, minutes left, what it may do",
  why: "A key that was replaced, or an account without minutes, looks like a phone that nobody answers.",
  mend: "`setup` for a new key; else what the service wants is named",
  async look(examination) {
    const found = await Promise.all(
      examination.usableLines.map(async (line) => {
        const answer = await examination.account(line);
        if (answer.account !== undefined) return describeAccount(line, answer.account);
        // A new key is no cure for a network that is down.
        const command = answer.mayPass
          ? "look at this machine's network, and look again in a while"
          : await examination.ours("setup");
        return problem(`${line.name}: ${answer.message}`, command);
      }),
    );
    return found.flat();
  },
};

function describeAccount(line: UsableLine, account: LineAccount): readonly Finding[] {
  const { title } = carriers[line.carrier];
  const { tier, number, left, trouble } = account;
  const reach = reachOf(line.carrier);
  const cannot = (["owner", "others"] as const).flatMap((who) => {
    const ability: Ability = who === "owner" ? account.callsOwner : account.callsOthers;
    // What the service has for nobody is no news.
    if (ability.can || !reach[who]) return [];
    return [`cannot call ${who === "owner" ? "you" : "others"}, since ${ability.because}`];
  });
  const facts = [
    ...(number === undefined ? [] : [`number ${number}`]),
    ...(left === undefined ? [] : [`${left} left`]),
    ...new Set(cannot),
  ];
  const text = `${line.name} (${title}${tier === undefined ? "" : `, ${tier}`}): the key is good${facts.map((fact) => `; ${fact}`).join("")}.`;
  if (trouble === undefined) return ok(text);
  return [...ok(text), ...warning(`${line.name}: ${trouble.because}.`, trouble.remedy)];
}

const connections: Check = {
  id: "line-connections",
  group: "Lines",
  looksAt: "whether each line is connected, in the gateway or in the background process",
  why: "A line that is not connected neither rings nor answers.",
  mend: "what its state says; `openclaw gateway restart`, without the plugin `connect start`",
  async look(examination) {
    const { usableLines } = examination;
    if (usableLines.length === 0) return [];
    const { status } = await examination.phone();
    const connector = status === undefined ? await examination.connector() : undefined;
    const running = status?.lines ?? connector?.lines;
    if (running === undefined) {
      const isLeftToGateway =
        // Which of the two it is cannot be told from a config that cannot be read.
        examination.gatewayConfigProblems.length > 0 ||
        (await examination.hasPlugin()) ||
        !examination.isAnyoneAnswered;
      return isLeftToGateway
        ? []
        : problem("Nothing keeps the lines connected.", examination.script("connect.js start"));
    }
    const isGateway = status !== undefined;
    const restart = isGateway ? "openclaw gateway restart" : examination.script("connect.js restart");
    return usableLines.flatMap((line): readonly Finding[] => {
      const now = running.find(({ name }) => name === line.name);
      if (now === undefined) return problem(`${line.name} is not among the lines that run.`, restart);
      const trouble = "problem" in now && typeof now.problem === "string" ? problem(now.problem) : [];
      if (now.state === "connected") return [...ok(`${line.name}: connected.`), ...trouble];
      const isTrying = now.state === "starting" || now.state === "reconnecting";
      return [...(isTrying ? warning(now.detail) : problem(now.detail, restart)), ...trouble];
    });
  },
};

const agents: Check = {
  id: "line-agents",
  group: "Lines",
  looksAt: "whether the gateway knows which of its agents answers each line",
  why: "With several agents and no binding for a line it chooses none, and nobody answers.",
  mend: "`openclaw agents bind --agent main --bind phone:LINE`",
  async look(examination) {
    const { status } = await examination.phone();
    return (status?.lines ?? []).flatMap(({ name, noAgent }) =>
      noAgent === undefined
        ? []
        : problem(
            `${name}: the gateway does not know which agent answers: ${noAgent}`,
            `openclaw agents bind --agent main --bind phone:${name}`,
          ),
    );
  },
};

const rivals: Check = {
  id: "duplicate-clients",
  group: "Lines",
  looksAt:
    "whether another program uses the same key: a take-over (close code 4000), the background process beside the plugin",
  why: "Each pushes the other out, and callers' words go to either.",
  mend: "`connect stop`; end the other program, or give it a key of its own",
  async look(examination) {
    const active = await examination.isPluginActive();
    const connector = await examination.connector();
    const findings: Finding[] = [];
    if (active && connector !== undefined) {
      findings.push(
        ...problem(
          `The background process (process ${connector.pid}) runs beside the plugin, with the same keys.`,
          examination.script("connect.js stop"),
        ),
      );
    }
    const { status } = await examination.phone();
    for (const { name, state, counters } of status?.lines ?? []) {
      const takeovers = counters.takeovers ?? 0;
      // One that has given up for it says so itself.
      if (takeovers === 0 || state === "stopped") continue;
      findings.push(
        ...warning(
          `${name}: another client with the same key has taken over ${takeovers === 1 ? "once" : `${takeovers} times`} (close code 4000).`,
          "look for an old ClawdTalk client or a second gateway with this key, and stop it",
        ),
      );
    }
    return findings;
  },
};

const oldClients: Check = {
  id: "old-clients",
  group: "Lines",
  looksAt: "the services' own clients in skill folders, and whether they run",
  why: "One that runs takes calls and words away from this phone; one that does not confuses the agent.",
  mend: "`setup --import --stop-old-clients` takes over what they have and ends them; then delete their folders",
  async look(examination) {
    const { env, stateFolder, configFile, packageFolder } = examination.places;
    const found = await findOldClients({ env, stateFolder, configFile, packageFolder });
    const [take, end] = await Promise.all([
      examination.ours("setup --import"),
      examination.ours("setup --import --stop-old-clients"),
    ]);
    return found.flatMap((client) => describeClient(client, { take, end }));
  },
};

/** @param commands `take` takes over what it has, `end` also ends it. */
function describeClient(
  { carrier, name, folder, running }: OldClient,
  commands: { readonly take: string; readonly end: string },
): readonly Finding[] {
  const whose = `${carriers[carrier].title}'s own client (${name}, in ${folder})`;
  if (running.length === 0) {
    return warning(`${whose} is still there.`, `${commands.take}, then delete that folder`);
  }
  const processes = running.map(({ processId }) => processId).join(", ");
  return problem(`${whose} is running (process ${processes}).`, commands.end);
}

const LEVELS: Readonly<Record<ServiceDoctorKind, Level>> = {
  critical: "problem",
  warnings: "warning",
  infra: "warning",
  recommended: "ok",
};

const service: Check = {
  id: "service-doctor",
  group: "Lines",
  looksAt: "what ClawdTalk's own doctor says of the account, where it offers one",
  why: "Some things only the service can see.",
  mend: "what the service says, at clawdtalk.com",
  async look(examination) {
    const lines = examination.usableLines.filter((line) => line.carrier === "clawdtalk");
    return (await Promise.all(lines.map((line) => askService(line, examination)))).flat();
  },
};

async function askService(line: UsableLine, { settings }: Examination): Promise<readonly Finding[]> {
  const { apiUrl, apiKey } = line;
  const rest = new ClawdTalkRest({ apiUrl, apiKey, timeoutMs: 8_000, retry: { times: 0, firstDelayMs: 0 } });
  const answers = await Promise.all(
    serviceDoctorKinds.map(async (kind) => {
      try {
        return { kind, answer: await rest.serviceDoctor(kind) };
      } catch (error) {
        return { kind, answer: undefined, failure: messageOf(error) };
      }
    }),
  );
  const offered = answers.filter(({ answer }) => answer !== undefined);
  // Whether the service can be reached is another check's.
  if (offered.length === 0) return [];
  const secrets = secretsOf(settings.config);
  const findings = offered.flatMap(({ kind, answer }): readonly Finding[] => [
    ...(answer?.troubles ?? []).map((words) => ({
      level: LEVELS[kind],
      found: `${line.name}: ClawdTalk ${kind === "recommended" ? "recommends" : "says"} ${quoteOutside(words, secrets)}`,
      ...(LEVELS[kind] === "ok" ? {} : { command: "see to it at clawdtalk.com" }),
    })),
    ...(answer?.isUnderstood === false
      ? ok(`${line.name}: what ClawdTalk answers about "${kind}" is not understood.`)
      : []),
  ]);
  return findings.length > 0 ? findings : ok(`${line.name}: ClawdTalk's own doctor finds nothing.`);
}

export const lineChecks: readonly Check[] = [
  keys,
  accounts,
  connections,
  agents,
  rivals,
  oldClients,
  service,
];
