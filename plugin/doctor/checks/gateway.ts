/** Owns the checks of the gateway: that it runs, takes our token and its own config, and lets the agent be reached. */
import { existsSync } from "node:fs";
import { checkToken, GatewayProblem } from "../../agent/gateway-http.ts";
import { createHttpAgent } from "../../agent/http-agent.ts";
import { GatewayCliMissing, GatewayCommandFailed } from "../../briefings/gateway-cli.ts";
import { isObject } from "../../config/gateway-config.ts";
import type { ConfigWish } from "../../config/gateway-config-file.ts";
import { valueAt } from "../../config/json5-edit.ts";
import { AGENTS_OWN, misplacedTool } from "../../config/sessions-send.ts";
import { sharesMain } from "../../connector/connector-settings.ts";
import { type Check, ok, problem, warning } from "../check.ts";

const reachable: Check = {
  id: "gateway-reachable",
  group: "Gateway",
  looksAt: "whether the gateway answers at its address",
  why: "Your agent lives in it: without it nobody answers on calls, and nothing that is planned happens.",
  mend: "`openclaw gateway start`",
  async look(examination) {
    const { gatewayUrl } = examination;
    switch (await examination.gateway()) {
      case "up":
        return ok(`The gateway answers at ${gatewayUrl}.`);
      case "starting":
        return warning(`The gateway at ${gatewayUrl} is still starting.`, "wait a moment, and look again");
      case "other":
        return problem(
          `Something else than a gateway answers at ${gatewayUrl}.`,
          "set OPENCLAW_GATEWAY_URL (or gatewayUrl in the settings) to the gateway's address",
        );
      case "silent":
        return problem(`No gateway answers at ${gatewayUrl}.`, "openclaw gateway start");
    }
  },
};

const token: Check = {
  id: "gateway-token",
  group: "Gateway",
  looksAt: "whether the gateway takes the token that is found for it",
  why: "Without it the commands, and the background process of a skill-only install, are turned away.",
  mend: "set `OPENCLAW_GATEWAY_TOKEN` in the gateway's `.env` to its token (`gateway.auth.token`)",
  async look(examination) {
    if ((await examination.gateway()) !== "up") return [];
    try {
      const { gatewayToken } = examination.settings.config;
      await checkToken({ url: examination.gatewayUrl, token: gatewayToken }, examination.signal);
      return ok("The gateway takes the token that was found for it.");
    } catch (error) {
      if (!(error instanceof GatewayProblem)) throw error;
      return problem(
        error.message,
        "set OPENCLAW_GATEWAY_TOKEN in the gateway's .env to its token (gateway.auth.token)",
      );
    }
  },
};

const config: Check = {
  id: "gateway-config",
  group: "Gateway",
  looksAt: "whether the gateway's config can be read, and whether the gateway takes it",
  why: "With a config it does not take, a gateway does not start, and one that runs keeps its old settings.",
  mend: "`openclaw doctor`",
  async look(examination) {
    const { gatewayConfigProblems, places } = examination;
    if (gatewayConfigProblems.length > 0) {
      return gatewayConfigProblems.flatMap((sentence) => problem(sentence, "openclaw doctor"));
    }
    if (!existsSync(places.configFile)) return [];
    try {
      const wrong = await examination.configProblem();
      if (wrong === undefined) return ok(`The gateway takes its config (${places.configFile}).`);
      return problem(`The gateway does not take ${places.configFile}: ${wrong}`, "openclaw doctor");
    } catch (error) {
      if (error instanceof GatewayCliMissing) return ok(`${places.configFile} can be read.`);
      if (!(error instanceof GatewayCommandFailed)) throw error;
      return warning(`Whether the gateway takes its config could not be asked: ${error.message}`);
    }
  },
};

const wayToAgent: Check = {
  id: "way-to-agent",
  group: "Gateway",
  looksAt:
    "without the plugin: whether the gateway lets the agent be spoken to over HTTP (the streaming endpoint, or `sessions_send`)",
  why: "The background process has no other way to your agent.",
  mend: "`setup patch`, or `openclaw config set gateway.http.endpoints.chatCompletions.enabled true`",
  async look(examination) {
    const isNeeded = examination.isAnyoneAnswered && !(await examination.hasPlugin());
    if (!isNeeded || (await examination.gateway()) !== "up") return [];
    const { gatewayToken } = examination.settings.config;
    const { way, detail } = await createHttpAgent(
      { url: examination.gatewayUrl, token: gatewayToken },
      { directChatsShareMain: sharesMain(examination.gatewayConfig) },
    ).check(examination.signal);
    return way === undefined ? problem(detail, await examination.ours("setup patch")) : ok(detail);
  },
};

const misplaced: Check = {
  id: "misplaced-tools-allow",
  group: "Gateway",
  looksAt: "whether `sessions_send` stands in the top-level `tools.allow` of the gateway's config",
  why: "That list is all your agent may use: with the tool put there by mistake it has lost the others.",
  mend: "`phone doctor --fix`",
  async look(examination) {
    const agentsOwn = valueAt(examination.gatewayConfig, AGENTS_OWN);
    const found = Array.isArray(agentsOwn) ? misplacedTool(agentsOwn) : undefined;
    if (found === undefined) return [];
    return [
      {
        level: "problem",
        found: found.meaning,
        command: await examination.ours("doctor --fix"),
        fix: { kind: "config", wish: found.repair, means: `sessions_send is taken out of "tools.allow"` },
      },
    ];
  },
};

const LIST = ["agents", "list"] as const;
/** As ClawdTalk's own client names the agent it adds, and all it says of it. */
const VOICE = "voice";
const KEYS_OF_VOICE: ReadonlySet<string> = new Set(["id", "name", "workspace", "systemPrompt"]);
/** Where the gateway itself puts an agent of that list when it rewrites its config. */
const ENTRY = ["agents", "entries", VOICE] as const;

const voiceAgent: Check = {
  id: "voice-agent",
  group: "Gateway",
  looksAt: "an agent `voice` in `agents.list` that an older ClawdTalk client has added",
  why: "Nothing uses it any more; today's gateway takes it for your main agent, or refuses its config because of it.",
  mend: "`phone doctor --fix`",
  async look(examination) {
    const { gatewayConfig, settings } = examination;
    const list = valueAt(gatewayConfig, LIST);
    const agents: readonly unknown[] = Array.isArray(list) ? list : [];
    const isListed = agents.some((agent) => isObject(agent) && agent.id === VOICE && isLeftOver(agent));
    const isEntry = isLeftOver(valueAt(gatewayConfig, ENTRY));
    if (!isListed && !isEntry) return [];
    const { bindings } = gatewayConfig;
    const isUsed =
      settings.config.lines.some(({ agentId }) => agentId === VOICE) ||
      (Array.isArray(bindings) && bindings.some((binding) => valueAt(binding, ["agentId"]) === VOICE));
    if (isUsed) return [];
    const isMarked =
      !isListed ||
      agents.some((agent) => valueAt(agent, ["default"]) === true) ||
      valueAt(gatewayConfig, ["agents", "ownership"]) === "explicit";
    const harm = isMarked
      ? ""
      : agents.length === 1
        ? ", and the gateway takes it for your main agent"
        : ", and with two agents of which none is marked as the default the gateway refuses its config";
    return [
      {
        level: harm === "" ? "warning" : "problem",
        found: `The gateway's config has the agent "voice", as an older ClawdTalk client adds it${harm}.`,
        command: await examination.ours("doctor --fix"),
        fix: {
          kind: "config",
          wish: isListed ? wishFor(agents) : { change: "remove", path: ENTRY },
          means: 'the agent "voice" is removed',
        },
      },
    ];
  },
};

/** Whether an agent is no more than the client makes it: somebody's own says more. */
function isLeftOver(agent: unknown): boolean {
  return isObject(agent) && Object.keys(agent).every((key) => KEYS_OF_VOICE.has(key));
}

function wishFor(agents: readonly unknown[]): ConfigWish {
  return agents.length === 1
    ? { change: "remove", path: LIST }
    : { change: "takeEntry", path: LIST, id: VOICE };
}

export const gatewayChecks: readonly Check[] = [reachable, token, config, wayToAgent, misplaced, voiceAgent];
