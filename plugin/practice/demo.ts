/**
 * Owns the demo: the practice lines, the scripted model and a real gateway with a line on each, and a conversation over
 * them. On ClawdTalk: calls in, texts, something that needs a yes on the owner's phone, a call back to the owner and a call
 * to a third number, whose result the agent texts by itself. On ClawCall: a scheduled briefing with the owner's questions, and a call to somebody else until its objective
 * is reached. On StepOne: a call in China, led by its AI. Whatever is placed or scheduled, the agent itself does it, with
 * its tool or with the scripts the skill names.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RESULT_REQUEST } from "../calls/voice-context.ts";
import type { PracticeCall, PracticeTurn } from "./caller.ts";
import type { ClawCallPracticeCall, ClawCallTurn } from "./clawcall-caller.ts";
import { type ClawCallPractice, startClawCallPractice } from "./clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "./clawdtalk-server.ts";
import { type PracticeModel, startPracticeModel } from "./model.ts";
import { type ModelRequest, type ModelRule, saidNow } from "./model-script.ts";
import { type PhoneGateway, startPhoneGateway } from "./phone-gateway.ts";
import { type StepOnePractice, startStepOnePractice } from "./stepone-server.ts";
import { PracticeTimeout } from "./waiting.ts";

export interface DemoTurn {
  /** Null where the agent speaks first. */
  readonly said: string | null;
  /** Everything the person heard for it, in order. */
  readonly heard: string;
  readonly firstSpeechMs: number;
  readonly doneMs: number;
  readonly modelCalls: number;
}

export interface DemoResult {
  readonly ok: true;
  readonly calls: readonly {
    readonly carrier: "clawdtalk" | "clawcall";
    readonly direction: "inbound" | "outbound";
    readonly turns: readonly DemoTurn[];
  }[];
  /** What StepOne's AI and the person it called said. */
  readonly china: readonly { readonly role: string; readonly content: string }[];
  readonly sms: readonly { readonly from: string; readonly body: string; readonly reply: string }[];
  /** What the owner's phone asked for, and said yes to. */
  readonly approvals: readonly { readonly action: string; readonly details: string }[];
  /** What the agent texted without being asked: the result of a call. */
  readonly passedOn: string;
}

export interface DemoLine {
  readonly server: ClawdTalkPractice;
  readonly clawcall: ClawCallPractice;
  readonly stepone: StepOnePractice;
  readonly model: PracticeModel;
  readonly gateway: PhoneGateway;
  close(): Promise<void>;
}

const OWNER = "+15550001111";
const BAKERY = "+15550002222";
const DENTIST = "+15550004444";
const ZHANG = "+8613800138000";
const WAIT = { timeoutMs: 20_000 };
/** What came of a call is told a moment after its result was written down; the gateway may put that off. */
const MOMENT = { timeoutMs: 5_000 };

/** Starts everything the demo needs. What was started before a failure is ended again. */
export async function startDemoLine(packageFolder: string, signal?: AbortSignal): Promise<DemoLine> {
  const server = await startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" });
  const clawcall = await startClawCallPractice({ ownerNumber: OWNER, tier: "pro" });
  const stepone = await startStepOnePractice({
    timings: { lineMs: 400, recordDelayMs: 500 },
    callees: {
      [ZHANG.slice(3)]: {
        does: "talk",
        lines: [
          { role: "assistant", content: "您好，我是 AI 助手，代表 Sam 致电。请问是张总吗？" },
          { role: "user", content: "是我，您说。" },
          { role: "assistant", content: "明天下午三点在三楼会议室开会，您能来吗？" },
          { role: "user", content: "可以，我准时到。" },
        ],
      },
    },
  });
  const model = await startPracticeModel();
  const closeServers = () => Promise.all([server.close(), clawcall.close(), stepone.close(), model.close()]);
  try {
    const gateway = await startPhoneGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      clawdtalkServer: server.url,
      clawcallBaseUrl: clawcall.url,
      steponeBase: stepone.url,
      ownerNumber: OWNER,
      // What this owner has said yes to once and for all; everything else that is sensitive is asked about.
      settings: {
        toolRules: {
          phone_call: "allow",
          "exec:*briefing.js*add*": "allow",
          "exec:*clawcall.js*third-party*": "allow",
        },
      },
      signal,
    });
    model.script = demoScript(join(gateway.stateDir, "linked-plugin"));
    return {
      server,
      clawcall,
      stepone,
      model,
      gateway,
      close: async () => {
        await gateway.stop();
        await closeServers();
      },
    };
  } catch (error) {
    await closeServers();
    throw error;
  }
}

/**
 * Plays the conversation. `say` is given each line as it happens, with its milliseconds since the start.
 *
 * @throws an error with one sentence when a turn, a text or a call does not come, or when a wire was broken.
 */
export async function playDemo(
  { server, clawcall, stepone, model, gateway }: DemoLine,
  say: (line: string) => void,
): Promise<DemoResult> {
  const startedAt = Date.now();
  const tell = (who: string, text: string) =>
    say(`${String(Date.now() - startedAt).padStart(6)} ms  ${who.padEnd(7)} ${text}`);
  const calls: DemoResult["calls"][number][] = [];
  const sms: DemoResult["sms"][number][] = [];
  const approvals: DemoResult["approvals"][number][] = [];

  /** The owner's phone asks, and they say yes. */
  const approve = async (beforeYes?: () => Promise<void>): Promise<void> => {
    const { request_id, action, details = "" } = await server.nextApproval(WAIT);
    await beforeYes?.();
    tell("phone", `Approve? ${action}: ${details.replaceAll("\n", ", ")}`);
    tell("owner", "(on the phone's screen) Yes.");
    server.pressApproval(request_id, "approved");
    approvals.push({ action, details });
  };

  const text = async (body: string): Promise<string> => {
    tell("owner", `(text) ${body}`);
    const replies = await server.text({ from: OWNER, body }).reply(WAIT);
    const reply = replies.map((message) => message.body).join("\n");
    tell("agent", `(text) ${reply}`);
    sms.push({ from: OWNER, body, reply });
    return reply;
  };

  const onClawdTalk = async (call: PracticeCall, name: string, words: readonly string[]): Promise<void> => {
    call.follow((entry) => tell(entry.who === "agent" ? "agent" : name, entry.text));
    if (call.greeting !== undefined) tell("agent", call.greeting);
    else await call.heardGreeting(WAIT);
    const turns: DemoTurn[] = [];
    for (const said of words) turns.push(report(await asked(call.say(said), model), say));
    calls.push({ carrier: "clawdtalk", direction: call.direction, turns });
    call.hangUp();
  };

  /** The owner's text makes the agent place a call; whoever answers says these words. */
  const calledBack = async (
    body: string,
    name: string,
    words: readonly string[],
    approved?: () => Promise<void>,
  ): Promise<void> => {
    const [call] = await Promise.all([server.nextOutbound(WAIT), text(body), approved?.()]);
    await onClawdTalk(call, name, words);
  };

  /** ClawCall takes one whole answer for each thing said; here the agent opens the conversation. */
  const onClawCall = async (
    call: ClawCallPracticeCall,
    name: string,
    words: readonly string[],
  ): Promise<void> => {
    const opening = call.turns[0];
    if (opening === undefined) throw new Error("The agent was not asked to open the conversation.");
    const hear = async (turn: ClawCallTurn) => {
      if (turn.said !== undefined) tell(name, turn.said);
      turns.push(report(await answered(turn, model, (words) => tell("agent", words)), say));
    };
    const turns: DemoTurn[] = [];
    await hear(opening);
    for (const said of words) await hear(call.say(said));
    calls.push({ carrier: "clawcall", direction: "outbound", turns });
  };

  say("ClawdTalk: the owner rings the agent.");
  await onClawdTalk(await server.ring({ from: OWNER }), "owner", [
    "What is on my list today?",
    "And what is the weather like?",
    "明天几点开会？",
  ]);

  say("The owner texts the agent.");
  await text("Is there anything on my list for tomorrow?");

  say("The owner rings and wants something done that cannot be taken back: their phone asks them first.");
  const hours = () =>
    readFile(join(gateway.stateDir, "workspace", HOURS.path), "utf8").catch(() => undefined);
  const wanting = await server.ring({ from: OWNER });
  const asking = approve(async () => {
    if ((await hours()) !== undefined) throw new Error("It was done before the owner said yes.");
  });
  await Promise.all([onClawdTalk(wanting, "owner", ["Please put the opening hours on my website."]), asking]);
  if ((await hours()) !== HOURS.content) throw new Error("It was not done although the owner said yes.");

  say("The owner asks to be called back; the agent places the call.");
  server.onOutbound = () => ({ does: "answer" });
  await calledBack("Please call me back.", "owner", ["What is the weather like?"]);

  say("The agent rings a third number for the owner, who is asked for a yes to that, too.");
  await calledBack(
    `Call the bakery at ${BAKERY} and order two loaves.`,
    "bakery",
    ["Bakery, good morning. What can I do for you?"],
    approve,
  );

  say("What came of it, the agent tells by itself.");
  const { body: passedOn } = await server.until(
    () => server.messages.find(({ body }) => body.startsWith(BAKERY_NEWS)),
    "the result of the call to the bakery",
    WAIT,
  );
  tell("agent", `(text) ${passedOn}`);

  say("StepOne: the agent has somebody called in China; its AI leads the conversation.");
  const ringsInChina = stepone.nextCall(WAIT);
  // What fails before this call comes is told instead of it.
  ringsInChina.catch(() => {});
  await text(`Please have Mr Zhang called at ${ZHANG} about the meeting.`);
  const inChina = await ringsInChina;
  let heard = 0;
  inChina.follow(() => {
    for (const { role, content } of inChina.lines.slice(heard))
      tell(role === "user" ? "zhang" : "AI", content);
    heard = inChina.lines.length;
  });
  await stepone.until(() => inChina.recorded || undefined, "the record of the call", WAIT);

  say("ClawCall: the owner orders a briefing; the agent schedules it.");
  await text(`Brief me every ${tomorrow()} at eight on the phone.`);
  const [schedule] = clawcall.schedules;
  if (schedule === undefined) throw new Error("The agent scheduled no briefing.");

  say("Its time has come: the owner's phone rings.");
  const ringing = clawcall.nextCall({ does: "answer" }, WAIT);
  clawcall.runScheduleNow(schedule.id);
  const briefing = await ringing;
  // The dentist takes their time, so that the two calls follow each other.
  const hungUp = Promise.withResolvers<void>();
  clawcall.onRing = () => hungUp.promise.then(() => ({ does: "answer" }));
  const dentistRings = clawcall.nextCall(undefined, WAIT);
  // What fails before this call comes is told instead of it.
  dentistRings.catch(() => {});
  await onClawCall(briefing, "owner", [
    "When is the first of them?",
    `Then please call the dentist at ${DENTIST} and book Tuesday.`,
  ]);
  briefing.hangUp();
  hungUp.resolve();

  say("The dentist's phone rings; the agent speaks until its objective is reached, and hangs up itself.");
  const askedBefore = model.requests.length;
  const dentist = await dentistRings;
  await onClawCall(dentist, "dentist", ["Dental practice, hello. Tuesday at three is free."]);
  await dentist.ended(WAIT);
  if (dentist.end?.by !== "agent") throw new Error("The agent did not end the call to the dentist.");
  tell("agent", "(hangs up)");

  say("The owner's session knows what came of it.");
  await model.until(() => model.requests.slice(askedBefore).find(isResultDone), "the call's result", WAIT);
  const news = await server
    .until(
      () => server.messages.find(({ body }) => body === DENTIST_NEWS),
      "the result of the call to the dentist",
      MOMENT,
    )
    .catch((error: unknown) => {
      if (!(error instanceof PracticeTimeout)) throw error;
    });
  if (news !== undefined) tell("agent", `(text) ${news.body}`);
  const known = await text("What did the dentist say?");
  if (!known.includes("three")) throw new Error("The owner's session was not told what came of the call.");

  const [violation] = [...server.violations, ...clawcall.violations, ...stepone.violations];
  if (violation !== undefined) throw new Error(`The wire was broken: ${violation.message}`);
  return { ok: true, calls, china: inChina.lines, sms, approvals, passedOn };
}

async function asked(turn: PracticeTurn, model: PracticeModel): Promise<DemoTurn> {
  const before = model.requests.length;
  const first = await turn.firstSpeech(WAIT);
  const result = await turn.result(WAIT);
  return {
    said: turn.said,
    heard: turn.heard.join(" "),
    firstSpeechMs: first.atMs,
    doneMs: result.atMs,
    modelCalls: model.requests.length - before,
  };
}

async function answered(
  turn: ClawCallTurn,
  model: PracticeModel,
  hear: (words: string) => void,
): Promise<DemoTurn> {
  const answer = await turn.result(WAIT);
  const modelCalls = model.requests.filter(({ at }) => at >= turn.startedAt).length;
  hear(answer.text);
  const first = turn.heard[0] ?? answer;
  return {
    said: turn.said ?? null,
    heard: turn.heard.map(({ text }) => text).join(" "),
    firstSpeechMs: first.atMs,
    doneMs: answer.atMs,
    modelCalls,
  };
}

function report(turn: DemoTurn, say: (line: string) => void): DemoTurn {
  const { firstSpeechMs, doneMs, modelCalls } = turn;
  const times =
    firstSpeechMs < doneMs
      ? `first speech after ${firstSpeechMs} ms, done after ${doneMs} ms`
      : `answered after ${doneMs} ms`;
  say(`           (${times}, ${modelCalls} model call${modelCalls === 1 ? "" : "s"})`);
  return turn;
}

/** A weekday that is hours away: nothing is due by itself while the demo plays. */
function tomorrow(): string {
  const date = new Date(Date.now() + 24 * 60 * 60_000);
  return new Intl.DateTimeFormat("en", { weekday: "long", timeZone: "UTC" }).format(date);
}

const isResultDone = ({ lastUserText, doneAt }: ModelRequest) =>
  lastUserText.includes(RESULT_REQUEST) && doneAt !== undefined;

const HOURS = { path: "website/hours.html", content: "<p>Open from nine to five.</p>" };
const BAKERY_NEWS = "The bakery keeps two loaves for you.";
const DENTIST_NEWS = "The dentist expects you on Tuesday at three.";

/** What the model does in the demo besides its ordinary answers: it runs the scripts the skill names. */
function demoScript(packageFolder: string): readonly ModelRule[] {
  const run = (script: string, ...words: string[]) => ({
    name: "exec",
    arguments: {
      command: [process.execPath, join(packageFolder, "dist", "scripts", `${script}.js`), ...words]
        .map((word) => JSON.stringify(word))
        .join(" "),
    },
  });
  /** An answer that holds only if the prompt has these words: else the agent has no past. */
  const knowing = (known: string, answer: string) => (request: ModelRequest) =>
    JSON.stringify(request.messages).includes(known) ? answer : "I do not know what you mean.";
  const meetings = "You have two meetings today, and the dentist wants to be called about Tuesday.";
  return [
    // The gateway wakes the session that asked for a call.
    {
      when: ({ lastText }) => lastText.includes("heartbeat") && lastText.includes(BAKERY),
      answer: knowing("Two loaves for Sam, please", BAKERY_NEWS),
    },
    // Before what the dentist is asked and says: where the session was not woken, this stands in front of the owner's
    // next words, with what was said on the call.
    {
      when: /What did the dentist say/,
      answer: knowing("Tuesday at three", "You are booked for Tuesday at three."),
    },
    {
      when: ({ lastText }) => lastText.includes("heartbeat") && lastText.includes(DENTIST),
      answer: knowing("Sam has an appointment on Tuesday at three", DENTIST_NEWS),
    },
    {
      when: saidNow(/opening hours on my website/),
      answer: "",
      toolCall: { name: "write", arguments: HOURS },
    },
    {
      role: "tool",
      when: ({ lastUserText }) => lastUserText.includes("opening hours on my website"),
      answer: "They are on your website now. Open from nine to five.",
    },
    {
      when: /call me back/i,
      answer: "",
      toolCall: run("phone", "call", "me", "Hello Sam, you wanted me to call."),
    },
    {
      when: /call the bakery/i,
      answer: "",
      toolCall: run("phone", "call", BAKERY, "Order two loaves for Sam, to be picked up today."),
    },
    {
      when: /Mr Zhang called/,
      answer: "",
      toolCall: {
        name: "tool_call",
        arguments: {
          id: "phone_call",
          args: { number: ZHANG, objective: "通知张总：明天下午三点在公司三楼会议室开会，问他能不能来。" },
        },
      },
    },
    {
      when: saidNow(/Bakery, good morning/),
      answer: "Two loaves for Sam, please. They will be picked up today. Is that possible?",
    },
    {
      when: /list for tomorrow/i,
      answer: "Nothing yet. Tomorrow is free after the meeting at half past nine.",
    },
    {
      when: /Brief me every/,
      answer: "",
      toolCall: run(
        "briefing",
        "add",
        `0 8 * * ${tomorrow().slice(0, 3).toLowerCase()}`,
        "--task",
        "What does Sam have to do today?",
        "--label",
        "Morning",
        "--timezone",
        "UTC",
      ),
    },
    { when: /What does Sam have to do today/, answer: `Good morning, Sam. ${meetings}` },
    {
      when: /When is the first of them/,
      answer: knowing(meetings, "The first meeting is at half past nine."),
    },
    {
      when: /call the dentist/,
      answer: "I am calling them now.",
      toolCall: run(
        "clawcall",
        "third-party",
        DENTIST,
        "Book an appointment for Sam on Tuesday.",
        "--context",
        "Any time on Tuesday will do.",
      ),
    },
    {
      role: "tool",
      when: ({ lastUserText }) => lastUserText.includes("call the dentist"),
      answer: "You will hear what they say.",
    },
    {
      when: /call has been answered/,
      answer: "I would like to book an appointment on Tuesday. Is there one?",
    },
    {
      when: saidNow(/Tuesday at three is free/),
      answer: "Tuesday at three, then, for Sam. Thank you, goodbye.",
      toolCall: { name: "tool_call", arguments: { id: "phone_end_call", args: {} } },
    },
    {
      when: (request) => request.lastText.includes(RESULT_REQUEST),
      answer: "The purpose was reached: Sam has an appointment on Tuesday at three.",
    },
  ];
}
