/** Owns the checks of the plugin in the gateway: that it runs, its hooks are called, and the agent has its tools. */
import { z } from "zod";
import { GatewayCliMissing, GatewayCommandFailed } from "../../briefings/gateway-cli.ts";
import { objectAt } from "../../config/gateway-config.ts";
import { valueAt } from "../../config/json5-edit.ts";
import { conversationHooks, hookNames, STOPS_WARM_UP } from "../../hook-names.ts";
import { whyNotAudited } from "../../trust/audit.ts";
import { warmUpSessionKey } from "../../trust/sessions.ts";
import { packageVersion } from "../../version.ts";
import { type Check, type Finding, ok, problem, warning } from "../check.ts";
import type { Examination } from "../examination.ts";

const INSPECT = "openclaw plugins inspect switchboard --runtime";

const loaded: Check = {
  id: "plugin-loaded",
  group: "Plugin",
  looksAt: "whether the plugin is installed, switched on and loaded, and is of this version",
  why: "It keeps the lines connected, and answers with the first sentence while the rest is being made.",
  mend: "`openclaw plugins enable switchboard`; `openclaw gateway restart`",
  async look(examination) {
    if (await examination.isPluginActive()) {
      const phone = await examination.phone();
      // That the token is not taken is a finding of its own.
      if (phone.status === undefined && phone.reason === "token") return ok("Switchboard is loaded.");
      if (phone.status === undefined) {
        return problem(
          "Switchboard is loaded, and does not answer when it is asked how the lines are.",
          "openclaw gateway restart",
        );
      }
      const running = phone.status.version;
      if (running === packageVersion()) return ok(`Switchboard ${running} is loaded.`);
      return warning(
        `The gateway runs Switchboard ${running}, and this is ${packageVersion()}.`,
        "openclaw gateway restart",
      );
    }
    if (!(await examination.hasPlugin())) {
      // Nothing tells then: what is wrong with the config is a finding of its own.
      return examination.gatewayConfigProblems.length > 0
        ? []
        : ok("Not installed as a plugin: a skill only.");
    }
    const installed = await installedOrNothing(examination);
    const { plugins } = examination.gatewayConfig;
    if (valueAt(plugins, ["enabled"]) === false) {
      return problem("The gateway loads no plugins at all.", "openclaw config set plugins.enabled true");
    }
    const isAllowed = valueAt(plugins, ["allow"]);
    if (Array.isArray(isAllowed) && !isAllowed.includes("switchboard")) {
      return problem('"plugins.allow" leaves Switchboard out.', await examination.ours("setup"));
    }
    if (installed?.enabled === false) {
      const why = installed.complaint === undefined ? "" : ` (${installed.complaint})`;
      return problem(
        `Switchboard is installed, and switched off${why}.`,
        "openclaw plugins enable switchboard",
      );
    }
    if (installed?.complaint !== undefined) {
      return problem(`The gateway cannot load Switchboard: ${installed.complaint}`, INSPECT);
    }
    // That it does not run is a finding of its own.
    if ((await examination.gateway()) !== "up") return ok("Switchboard is installed and switched on.");
    return problem("Switchboard is installed, and not loaded in the gateway.", "openclaw gateway restart");
  },
};

async function installedOrNothing(examination: Examination) {
  try {
    return await examination.installedPlugin();
  } catch (error) {
    if (error instanceof GatewayCliMissing) return undefined;
    throw error;
  }
}

const MAY_TAKE_PART = ["plugins", "entries", "switchboard", "hooks", "allowConversationAccess"] as const;
const registered = z.object({ typedHooks: z.array(z.object({ name: z.string() })) });

const hooks: Check = {
  id: "plugin-hooks",
  group: "Plugin",
  looksAt: "whether the gateway has registered all of the plugin's hooks, and calls them in turns",
  why: "They keep strangers and guests from your tools, pick the line's model, and stop turns a caller has given up.",
  mend: "`phone doctor --fix`, then `openclaw gateway restart`",
  async look(examination) {
    if (!(await examination.hasPlugin())) return [];
    const { status } = await examination.phone();
    const isAllowed = valueAt(examination.gatewayConfig, MAY_TAKE_PART) === true;
    if (!isAllowed) return await withoutPermission(examination);
    // What does not run, or is switched off, is a finding of its own.
    if (status === undefined && (await installedOrNothing(examination))?.enabled !== true) return [];
    if (status === undefined) return await asInspected(examination);
    if (!status.mayTakePart) {
      return problem(
        "The config lets Switchboard take part in conversations, and the gateway that runs does not yet.",
        "openclaw gateway restart",
      );
    }
    const calls = status.hooksCalled[STOPS_WARM_UP] ?? 0;
    const isWarm = status.warm && examination.isAnyoneAnswered;
    if (isWarm && calls === 0) {
      return problem(
        `The gateway has registered Switchboard's hooks and does not call them: "${STOPS_WARM_UP}" was left out of a turn.`,
        INSPECT,
      );
    }
    const called = hookNames.filter((name) => (status.hooksCalled[name] ?? 0) > 0);
    return ok(
      called.length === 0
        ? `${hookNames.length} hooks are registered; no turn has called one yet.`
        : `${hookNames.length} hooks are registered; called so far: ${called.join(", ")}.`,
    );
  },
};

async function withoutPermission(examination: Examination): Promise<readonly Finding[]> {
  return [
    {
      level: "problem",
      found: `The gateway leaves out ${conversationHooks.length} of Switchboard's ${hookNames.length} hooks (${conversationHooks.join(", ")}), since it is not allowed to take part in conversations: only you are served.`,
      command: await examination.ours("doctor --fix"),
      fix: {
        kind: "config",
        wish: { change: "set", path: MAY_TAKE_PART, value: true },
        means: "Switchboard may take part in conversations",
      },
    },
  ];
}

/** What the gateway would register, by its own word, where it does not run. */
async function asInspected(examination: Examination): Promise<readonly Finding[]> {
  let answer: unknown;
  try {
    answer = await examination.ask(["plugins", "inspect", "switchboard", "--runtime", "--json"]);
  } catch (error) {
    if (error instanceof GatewayCommandFailed) return [];
    throw error;
  }
  const names = new Set(registered.parse(answer).typedHooks.map(({ name }) => name));
  const missing = hookNames.filter((name) => !names.has(name));
  if (missing.length === 0) return ok(`${hookNames.length} hooks will be registered.`);
  return problem(`The gateway does not register these hooks of Switchboard: ${missing.join(", ")}.`, INSPECT);
}

const effective = z.object({
  agentId: z.string(),
  profile: z.string().optional(),
  groups: z.array(z.object({ tools: z.array(z.object({ id: z.string() })) })),
});
const sessionList = z.object({
  sessions: z.array(
    z.looseObject({ key: z.string(), agentRuntime: z.looseObject({ id: z.string() }).optional() }),
  ),
});
/** Runtimes that offer the gateway's tools as they are, by name. */
const OWN_RUNTIMES: ReadonlySet<string> = new Set(["openclaw", "auto"]);

const tools: Check = {
  id: "plugin-tools",
  group: "Plugin",
  looksAt:
    "whether the agent that answers the phone has the tools `phone_call` and `phone_approve`, and what runs it",
  why: "Without them it calls nobody and asks you for nothing; some tool settings and agent runtimes hide them.",
  mend: '`openclaw config set tools.alsoAllow \'["phone_call", "phone_approve"]\'` (with what stands there already), or the list that hides them',
  async look(examination) {
    const { status } = await examination.phone();
    if (status === undefined) return [];
    const sessions = [...new Set(status.lines.flatMap(({ ownerSession }) => ownerSession ?? []))];
    const found = await Promise.all(sessions.map((session) => toolsIn(session, examination)));
    return found.flat();
  },
};

async function toolsIn(ownerSession: string, examination: Examination): Promise<readonly Finding[]> {
  const agent = agentIn(ownerSession);
  // Where nobody has spoken with the agent yet, the run that has warmed the gateway up had a session of its own.
  const wanted = [ownerSession, ...(agent === undefined ? [] : [warmUpSessionKey(agent)])];
  try {
    const { sessions } = sessionList.parse(await examination.call("sessions.list", {}));
    const session = wanted.flatMap((key) => sessions.find((known) => known.key === key) ?? [])[0];
    if (session === undefined) {
      return ok("What tools the agent has is known when somebody has spoken with it.");
    }
    const answer = await examination.call("tools.effective", { sessionKey: session.key });
    return judge(effective.parse(answer), session.agentRuntime?.id, examination);
  } catch (error) {
    if (!(error instanceof GatewayCommandFailed)) throw error;
    return warning(`What tools the agent has could not be asked: ${error.message}`);
  }
}

/** The agent whose session it is. */
function agentIn(sessionKey: string | undefined): string | undefined {
  return /^agent:([^:]+):/.exec(sessionKey ?? "")?.[1];
}

function judge(
  { agentId, profile, groups }: z.infer<typeof effective>,
  runtime: string | undefined,
  { gatewayConfig, usableLines }: Examination,
): readonly Finding[] {
  // Approvals are ClawdTalk's alone.
  const canAsk = usableLines.some(({ carrier }) => carrier === "clawdtalk");
  const wanted = ["phone_call", ...(canAsk ? ["phone_approve"] : [])];
  const has = new Set(groups.flatMap(({ tools: listed }) => listed.map(({ id }) => id)));
  const missing = wanted.filter((name) => !has.has(name));
  if (missing.length > 0) {
    return problem(
      `The agent "${agentId}" does not have ${missing.join(" and ")}: the gateway's tool settings hide them (profile ${profile ?? "not set"}).`,
      howToShow(missing, gatewayConfig),
    );
  }
  if (runtime !== undefined && !OWN_RUNTIMES.has(runtime)) {
    return warning(
      `The agent "${agentId}" has the phone's tools by the gateway's settings, but "${runtime}" runs it, which may show it tools of its own instead.`,
      'ask your agent whether it has the tool phone_call; if not, run its model with agentRuntime.id "openclaw"',
    );
  }
  return ok(`The agent "${agentId}" has ${wanted.join(" and ")}.`);
}

/** The list that decides gets them; of the agent's own lists nothing is said here. */
function howToShow(missing: readonly string[], gatewayConfig: Examination["gatewayConfig"]): string {
  const own = objectAt(gatewayConfig, "tools");
  const denied = Array.isArray(own.deny) && missing.some((name) => (own.deny as unknown[]).includes(name));
  if (denied) return `take ${missing.join(" and ")} out of "tools.deny" in the gateway's config`;
  const key = Array.isArray(own.allow) ? "allow" : "alsoAllow";
  const before: readonly unknown[] = Array.isArray(own[key]) ? (own[key] as unknown[]) : [];
  return `openclaw config set tools.${key} '${JSON.stringify([...before, ...missing])}'`;
}

const skillList = z.object({
  skills: z.array(
    z.looseObject({
      name: z.string(),
      eligible: z.boolean().optional(),
      disabled: z.boolean().optional(),
      blockedByAllowlist: z.boolean().optional(),
      blockedByAgentFilter: z.boolean().optional(),
      modelVisible: z.boolean().optional(),
    }),
  ),
});

const skill: Check = {
  id: "skill-visible",
  group: "Plugin",
  looksAt: "whether the agent sees the skill `switchboard`",
  why: "It is where your agent reads how to use its phone.",
  mend: "`openclaw skills info switchboard`",
  async look(examination) {
    const { status } = await examination.phone();
    const agents = new Set(status?.lines.flatMap(({ ownerSession }) => agentIn(ownerSession) ?? []));
    try {
      // Of one agent the gateway knows by itself which.
      const asked = agents.size === 0 ? [[]] : [...agents].map((id) => ["--agent", id]);
      const found = await Promise.all(
        asked.map(async (which) =>
          judgeSkill(skillList.parse(await examination.ask(["skills", "list", ...which, "--json"]))),
        ),
      );
      return found.flat();
    } catch (error) {
      if (error instanceof GatewayCliMissing) return [];
      if (!(error instanceof GatewayCommandFailed)) throw error;
      return warning(`Which skills the agent sees could not be asked: ${error.message}`);
    }
  },
};

function judgeSkill({ skills }: z.infer<typeof skillList>): readonly Finding[] {
  const info = "openclaw skills info switchboard";
  const own = skills.find(({ name }) => name === "switchboard");
  if (own === undefined)
    return warning("The gateway does not list the skill switchboard.", "openclaw skills list");
  if (own.disabled === true) return warning("The skill switchboard is switched off.", info);
  if (own.blockedByAllowlist === true || own.blockedByAgentFilter === true) {
    return warning("The gateway's list of allowed skills leaves switchboard out.", info);
  }
  if (own.eligible === false) return warning("The skill switchboard lacks something it needs.", info);
  return ok("The agent sees the skill switchboard.");
}

const audited: Check = {
  id: "security-audit",
  group: "Plugin",
  looksAt: "whether `openclaw security audit` looks at the phone",
  why: "It passes over channels that the gateway's config does not name.",
  mend: "`phone doctor --fix`",
  async look(examination) {
    if (!(await examination.hasPlugin()) || examination.settings.config.lines.length === 0) return [];
    const isNot = whyNotAudited({ channels: objectAt(examination.gatewayConfig, "channels") });
    if (isNot === undefined) return ok('"openclaw security audit" looks at the phone.');
    return [
      {
        level: "warning",
        found:
          '"openclaw security audit" passes over the phone, since no setting of the gateway\'s names it.',
        command: await examination.ours("doctor --fix"),
        fix: {
          kind: "config",
          wish: { change: "set", path: ["channels", "phone", "enabled"], value: true },
          means: "the phone is named as a channel of the gateway",
        },
      },
    ];
  },
};

export const pluginChecks: readonly Check[] = [loaded, hooks, tools, skill, audited];
