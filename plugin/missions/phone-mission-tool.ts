/** Owns the agent's tool `phone_mission`: missions that are carried out by themselves, as `missions run` is for the command line. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { z } from "zod";
import type { CallSettings } from "../calls/request-call.ts";
import { asQuotation } from "../command-line/quoted.ts";
import { chooseLine } from "../config/choose-line.ts";
import { withStore } from "../store/database.ts";
import { listWork } from "../store/mission-work.ts";
import { sessionKind } from "../trust/sessions.ts";
import { approve, startFromPlan, wishOf, workOfSlug } from "./mission-desk.ts";
import { missionStatus } from "./mission-status.ts";
import { readPlan } from "./plan.ts";
import { reportAsMarkdown } from "./report.ts";
import { changedLines } from "./watch-view.ts";

const wanted = z.object({
  action: z
    .enum(["run", "status", "report", "pause", "resume", "cancel", "approve"])
    .describe(
      "`status` without a slug shows all that go on; `approve` is your owner's word between two rounds.",
    ),
  plan: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .describe(
      "To run: the plan (name, class, instructions, targets, questions or rubric, limits, window, …), or the path of a YAML or JSON file with it. Its keys: references/commands.md of the skill.",
    ),
  slug: z.string().optional().describe("The mission's, as run and status name it."),
  targets: z
    .array(z.number().int().positive())
    .optional()
    .describe("To approve: go on with these, as numbered in the plan. All who were reached when not given."),
  approved: z.boolean().optional().describe("To approve: false when your owner said no."),
});

type Wanted = z.output<typeof wanted>;

const DESCRIPTION =
  "Call or text many people for your owner by a plan, to its end: calls are scheduled, followed, tried again, judged and reported by themselves (classes: sweep, screening, negotiation, rounds, gather). For one call use phone_call. Ask your owner before you run one, unless they told you to. What comes of it is told in this conversation: do not poll.";

/** Also in the mode that agent turns use, as `phone_call`. */
export function registerPhoneMissionTool(api: OpenClawPluginApi, settings: () => CallSettings): void {
  api.registerTool(
    ({ sessionKey, workspaceDir }) => {
      // Guests and strangers only talk, and who decides about a mission only decides.
      if (sessionKind(sessionKey) !== undefined) return null;
      if (!settings().config.lines.some(({ carrier, enabled }) => carrier === "clawdtalk" && enabled))
        return null;
      return {
        name: "phone_mission",
        label: "Mission",
        description: DESCRIPTION,
        parameters: z.toJSONSchema(wanted, { target: "draft-7", io: "input" }),
        async execute(_toolCallId: string, given: unknown) {
          const asked = wanted.parse(given);
          const said = await act(asked, settings(), { askedIn: sessionKey, folder: workspaceDir });
          return { content: [{ type: "text" as const, text: said }], details: { action: asked.action } };
        },
      };
    },
    { name: "phone_mission" },
  );
}

interface Asking {
  readonly askedIn: string | undefined;
  /** Where files are that the agent names. */
  readonly folder: string | undefined;
}

/** @returns what the agent is told; words of others stand in it as quotations. */
async function act(asked: Wanted, settings: CallSettings, asking: Asking): Promise<string> {
  const { action, slug } = asked;
  if (action === "run") return await run(asked, settings, asking);
  return await withStore(settings, async (store) => {
    if (action === "status" && slug === undefined) {
      const going = await Promise.all((await listWork(store)).map((work) => missionStatus(store, work)));
      return (
        going.flatMap((status) => changedLines(undefined, status, here())).join("\n") || "No mission goes on."
      );
    }
    if (slug === undefined)
      throw new Error('Name the mission: its "slug". The action "status" shows all that go on.');
    switch (action) {
      case "status":
        return changedLines(
          undefined,
          await missionStatus(store, await workOfSlug(store, slug)),
          here(),
        ).join("\n");
      case "report":
        return reportAsMarkdown(await missionStatus(store, await workOfSlug(store, slug)), asQuotation);
      case "approve": {
        const word = asked.approved === false ? "no" : asked.targets;
        const { targets } = await approve(store, slug, word);
        return targets.length === 0
          ? `The mission ${slug} ends here: nobody is called in another round.`
          : `The mission ${slug} goes on with ${targets.map(({ name }) => name).join(", ")}.`;
      }
      default: {
        const { mission } = await wishOf(store, slug, action);
        return `Done: ${action} ${mission.slug}.`;
      }
    }
  });
}

async function run({ plan: given }: Wanted, settings: CallSettings, asking: Asking): Promise<string> {
  if (given === undefined) throw new Error('A mission needs a "plan".');
  const { config } = settings;
  const folder = asking.folder ?? process.cwd();
  const file = typeof given === "string" ? path.resolve(folder, given) : undefined;
  const plan = await readPlan(file === undefined ? JSON.stringify(given) : await readFile(file, "utf8"), {
    folder: file === undefined ? folder : path.dirname(file),
    file: file === undefined ? "the plan" : path.basename(file),
    ...(config.defaultRegion === undefined ? {} : { region: config.defaultRegion }),
    allowPremiumNumbers: config.allowPremiumNumbers,
    ownerNumbers: config.ownerNumbers,
  });
  const line = chooseLine(config, plan.line, ["clawdtalk"]);
  return await withStore(settings, async (store) => {
    const { work, isNew } = await startFromPlan(plan, { line: line.name, askedIn: asking.askedIn }, store);
    const { slug } = work.mission;
    return [
      isNew ? `Started mission: ${slug}` : `This mission goes on already: ${slug}`,
      `${plan.targets.length} to reach over ${line.name}. What comes of it is told in this conversation: do not poll.`,
    ].join("\n");
  });
}

function here() {
  return { now: new Date(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}
