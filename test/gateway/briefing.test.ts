/** A briefing kept by a real gateway: made with the script, run by the gateway's scheduler, heard on the phone. */
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type PhoneLine,
  packageFolder,
  promptOf,
  requestsAbout,
  SECRET_WORD,
  startPhoneLine,
} from "./phone-line.ts";

const LABEL = "早间简报 'A' \"B\" $HOME %PATH%";
const TASK = '总结我的日历,\n然后 "重要" 邮件; `rm -rf` $(x) %TEMP% & ^';
const WORDS = "早上好。您今天有两个会议。第一个在九点。";

const wait = { timeoutMs: 20_000 };
let line: PhoneLine;
beforeAll(async () => {
  line = await startPhoneLine({
    model: {
      script: [
        { when: /standing order/, answer: `**${WORDS}**` },
        { when: /tell me more/i, answer: "The first meeting is about the launch." },
      ],
    },
  });
});
afterAll(async () => await line?.close());

/** Types `briefing …` as a person would: with the gateway's command on the PATH, and its state folder. */
async function briefing(...args: string[]) {
  const result = await execa(
    process.execPath,
    [join(packageFolder, "scripts", "briefing.ts"), ...args, "--json"],
    {
      env: {
        PATH: [join(packageFolder, "node_modules", ".bin"), process.env.PATH].join(
          process.platform === "win32" ? ";" : ":",
        ),
        HOME: join(line.gateway.stateDir, "home"),
        OPENCLAW_STATE_DIR: line.gateway.stateDir,
        ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
      },
      extendEnv: false,
      stdin: "ignore",
    },
  );
  return JSON.parse(result.stdout);
}

it("rings the owner with the agent's words, and the follow-up on the phone has a past", async () => {
  const options = ["--label", LABEL, "--task", TASK, "--timezone", "Asia/Shanghai"];
  const { briefing: made } = await briefing("add", "0 8 * * 1-5", ...options);
  expect(made).toMatchObject({
    backEnd: "gateway",
    cron: "0 8 * * mon-fri",
    label: LABEL,
    task: TASK,
    made: true,
  });
  const { briefings } = await briefing("list");
  expect(briefings).toMatchObject([
    // The gateway's own next time is the one that was shown.
    {
      id: made.id,
      backEnd: "gateway",
      label: LABEL,
      task: TASK,
      nextTime: made.nextTimes[0],
      isActive: true,
    },
  ]);

  const run = await line.gateway.openclaw(["cron", "run", made.id, "--wait", "--poll-interval", "200ms"]);
  expect(run.exitCode, run.stdout + run.stderr).toBe(0);
  const call = await line.server.nextOutbound(wait);
  expect((await call.heardGreeting(wait)).text).toBe(WORDS);

  const asked = requestsAbout(line.model, "standing order");
  expect(asked).toHaveLength(1);
  expect(promptOf(asked[0]).includes("session=agent:main:main "), "the owner's session").toBe(true);
  expect(promptOf(asked[0]).includes(SECRET_WORD), "the owner's files").toBe(true);
  for (const written of TASK.split("\n")) expect(asked[0]?.lastUserText).toContain(`> ${written}`);

  const more = call.say("Tell me more about the first one.");
  expect((await more.result(wait)).text).toBe("The first meeting is about the launch.");
  expect(promptOf(line.model.requests.at(-1))).toContain(WORDS);
  call.hangUp();

  expect(await briefing("remove", made.id)).toMatchObject({ removed: { id: made.id, backEnd: "gateway" } });
  expect((await briefing("list")).briefings).toEqual([]);
}, 90_000);
