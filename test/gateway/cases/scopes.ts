/**
 * Which session a call or a text goes to: the owner's follow the gateway's settings, everybody else's never do. On
 * a gateway with two agents whose main one has another name.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PRACTICE_API_KEY, startClawdTalkPractice } from "../../../plugin/practice/clawdtalk-server.ts";
import type { ModelRequest } from "../../../plugin/practice/model.ts";
import { currentSessionSettings, misrouteText, writeLostPlugin } from "../lost-plugin.ts";
import { OWNER, type PhoneLine, promptOf, SECRET_WORD, STRANGER, startLineOn } from "../phone-line.ts";

const GUEST = "+15550004444";
const WORK_KEY = "cc_live_practice_work_0000000000000000";
const WORK_SECRET = "malachite";
const COUNTING = Array.from({ length: 6 }, (_, index) => `This is number ${index + 1} of six.`).join(" ");
const wait = { timeoutMs: 20_000 };
let folder: string;
let line: PhoneLine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "switchboard-scopes-"));
  const workspaces = { robin: join(folder, "robin"), work: join(folder, "work") };
  for (const [agent, secret] of [
    ["robin", `The owner's secret word is ${SECRET_WORD}.\n`],
    ["work", `The firm's secret word is ${WORK_SECRET}.\n`],
  ] as const) {
    await mkdir(workspaces[agent]);
    await writeFile(join(workspaces[agent], "USER.md"), secret);
  }
  const server = await startClawdTalkPractice({
    ownerNumber: OWNER,
    dedicatedNumber: "+15550003333",
    keys: [PRACTICE_API_KEY, WORK_KEY],
  });
  line = await startLineOn(server, {
    clawdtalkServer: server.url,
    otherPlugins: { lost: await writeLostPlugin(folder) },
    settings: { lines: { work: { apiKey: WORK_KEY, server: server.url, agentId: "work" } } },
    model: {
      script: [
        { when: /count to six/, answer: COUNTING, perWordMs: 40 },
        { when: /hang up/, answer: "Talk to you soon.", toolCall: { name: "phone_end_call", arguments: {} } },
      ],
    },
    config: {
      // The agent is shown its tools themselves; every other test goes through the search surface.
      tools: { toolSearch: false },
      agents: {
        list: [
          { id: "robin", default: true, workspace: workspaces.robin },
          { id: "work", workspace: workspaces.work },
        ],
      },
      channels: { phone: { enabled: true, allowFrom: [GUEST] } },
    },
  });
});
afterAll(async () => {
  await line?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** The last prompt of the turns that `work` brings about. */
async function promptAfter(work: () => Promise<unknown>): Promise<string> {
  const before = line.model.requests.length;
  await work();
  const requests: readonly ModelRequest[] = line.model.requests.slice(before);
  expect(requests.length).toBeGreaterThan(0);
  return promptOf(requests.at(-1));
}
async function text(from: string, body: string, key = PRACTICE_API_KEY): Promise<string> {
  return await promptAfter(async () => await line.server.text({ from, body, key }).reply(wait));
}
interface Speaking {
  /** Whom we call; the owner calls in when nobody. */
  readonly to?: string;
  readonly key?: string;
}

/** Rings and says one thing. */
async function speak(words: string, { to, key = PRACTICE_API_KEY }: Speaking = {}) {
  const call = await line.server.ring({
    key,
    ...(to === undefined ? {} : { direction: "outbound" as const, from: to }),
  });
  return { call, prompt: await promptAfter(async () => await call.say(words).result(wait)) };
}
/** Hangs up, too. */
async function say(words: string, speaking: Speaking = {}): Promise<string> {
  const { call, prompt } = await speak(words, speaking);
  call.hangUp();
  return prompt;
}
/** Changes the running gateway's session settings, as an editor would, and waits until it has taken them up. */
async function setSession(session: Record<string, string>): Promise<void> {
  const file = join(line.gateway.stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...config, session }, null, 2), { mode: 0o600 });
  await vi.waitFor(async () => expect(await currentSessionSettings(line.gateway)).toMatchObject(session), {
    timeout: 15_000,
    interval: 50,
  });
}

describe.each([
  { name: "as it is by default", session: undefined, key: "agent:robin:main" },
  { name: "dmScope per-peer", session: { dmScope: "per-peer" }, key: `agent:robin:direct:${OWNER}` },
  {
    name: "dmScope per-channel-peer",
    session: { dmScope: "per-channel-peer" },
    key: `agent:robin:phone:direct:${OWNER}`,
  },
  {
    name: "dmScope per-account-channel-peer",
    session: { dmScope: "per-account-channel-peer" },
    key: `agent:robin:phone:clawdtalk:direct:${OWNER}`,
  },
  { name: "scope global", session: { scope: "global" }, key: "global" },
])("session: $name", ({ name, session, key }) => {
  const [texted, said, guests, strangers] = ["texted", "said", "guest", "stranger"].map(
    (what) => `${what} under ${name}`,
  ) as [string, string, string, string];

  beforeAll(async () => {
    if (session !== undefined) await setSession(session);
  });

  it("the owner's call and text share the session that the setting names", async () => {
    await text(OWNER, `Remember I ${texted}`);
    const prompt = await say(`Remember I ${said}`);
    expect(prompt.includes(`session=${key} `), "the session's key").toBe(true);
    expect(prompt.includes(texted), "the text, on the call").toBe(true);
    expect(prompt.includes(SECRET_WORD), "the main agent's files").toBe(true);
    expect((await text(OWNER, "What did I say?")).includes(said), "the call, in the text").toBe(true);
  });

  it("a guest's text and a stranger's call neither see it nor come into it", async () => {
    const ofGuest = await text(GUEST, `I am a ${guests}`);
    // It goes on meanwhile: what came of it is told to the owner's session when it is over.
    const { call, prompt: ofStranger } = await speak(`I am a ${strangers}`, { to: STRANGER });
    for (const prompt of [ofGuest, ofStranger]) {
      for (const owners of [texted, said, SECRET_WORD]) expect(prompt.includes(owners), owners).toBe(false);
    }
    const prompt = await say("Who else was there?");
    for (const others of [guests, strangers]) expect(prompt.includes(others), others).toBe(false);
    expect(prompt.includes(said), "the owner's own session").toBe(true);
    call.hangUp();
  });
});

describe("hanging up by the tool itself", () => {
  it.each([
    ["the owner's", undefined],
    ["a stranger's", STRANGER],
  ])("ends %s call after the last words, with one model call", async (_whose, to) => {
    const call = await line.server.ring({
      key: PRACTICE_API_KEY,
      ...(to === undefined ? {} : { direction: "outbound" as const, from: to }),
    });
    const before = line.model.requests.length;
    expect((await call.say("Please hang up").result(wait)).text).toBe("Talk to you soon.");
    await call.whenEnded();
    // The result of the call before may be put into words just now, in that call's session.
    const requests = line.model.requests
      .slice(before)
      .filter((request) => promptOf(request).includes("Please hang up"));
    expect(requests).toHaveLength(1);
    if (to !== undefined) expect(requests[0]?.tools).toEqual(["phone_end_call"]);
  });
});

describe("a line with an agent of its own", () => {
  beforeAll(async () => await setSession({ dmScope: "main" }));

  it("is answered by that agent, in its sessions and with its files", async () => {
    await text(OWNER, "Remember the firm's parrot", WORK_KEY);
    const prompt = await say("Which animal?", { key: WORK_KEY });
    expect(prompt.includes("session=agent:work:main "), "the session's key").toBe(true);
    expect(prompt.includes("parrot"), "the text, on the call").toBe(true);
    expect(prompt.includes(WORK_SECRET), "that agent's files").toBe(true);
    expect(prompt.includes(SECRET_WORD), "the main agent's files").toBe(false);
    for (const other of [
      await text(GUEST, "Which animal?", WORK_KEY),
      await say("Which animal?", { to: STRANGER, key: WORK_KEY }),
    ]) {
      for (const secret of ["parrot", WORK_SECRET, SECRET_WORD])
        expect(other.includes(secret), secret).toBe(false);
    }
    expect((await say("Which animal?")).includes("parrot"), "in the main agent's session").toBe(false);
  });
});

describe("what else comes into the owner's session while a call's answer is being said", () => {
  it("the owner's own text waits, and both are answered whole", async () => {
    const call = await line.server.ring({ key: PRACTICE_API_KEY });
    const turn = call.say("Please count to six");
    await turn.firstSpeech(wait);
    const message = line.server.text({ body: "What is the weather?", key: PRACTICE_API_KEY });
    await turn.result(wait);
    expect(turn.heard.join(" ")).toBe(COUNTING);
    expect((await message.reply(wait)).map(({ body }) => body.includes("sunny"))).toEqual([true]);
    call.hangUp();
  });

  it("a message of another channel does not spoil the answer's end", async () => {
    const call = await line.server.ring({ key: PRACTICE_API_KEY });
    const turn = call.say("Please count to six");
    await turn.firstSpeech(wait);
    const other = misrouteText(line.gateway, {
      from: OWNER,
      sessionKey: "agent:robin:main",
      words: "What is the weather?",
    });
    await turn.result(wait);
    expect(turn.heard.join(" ")).toBe(COUNTING);
    expect(await other).toHaveLength(1);
    call.hangUp();
  });
});

it("broke no rule of the wire", () => {
  expect(line.server.violations).toEqual([]);
});
