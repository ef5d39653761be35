/**
 * Owns the demo: the practice line, the scripted model and a real gateway, and a conversation over them. Calls in,
 * a text, a call back to the owner and a call to a third number, each placed by the agent itself.
 */
import { join } from "node:path";
import type { PracticeCall, PracticeTurn } from "./caller.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "./clawdtalk-server.ts";
import { type PracticeModel, startPracticeModel } from "./model.ts";
import { type PhoneGateway, startPhoneGateway } from "./phone-gateway.ts";

export interface DemoTurn {
  readonly said: string;
  /** Everything the caller heard for it, in order. */
  readonly heard: string;
  readonly firstSpeechMs: number;
  readonly doneMs: number;
  readonly modelCalls: number;
}

export interface DemoResult {
  readonly ok: true;
  readonly calls: readonly {
    readonly carrier: "clawdtalk";
    readonly direction: "inbound" | "outbound";
    readonly turns: readonly DemoTurn[];
  }[];
  readonly sms: readonly { readonly from: string; readonly body: string; readonly reply: string }[];
}

export interface DemoLine {
  readonly server: ClawdTalkPractice;
  readonly model: PracticeModel;
  readonly gateway: PhoneGateway;
  close(): Promise<void>;
}

const OWNER = "+15550001111";
const BAKERY = "+15550002222";
const WAIT = { timeoutMs: 20_000 };

/** Starts everything the demo needs. What was started before a failure is ended again. */
export async function startDemoLine(packageFolder: string, signal?: AbortSignal): Promise<DemoLine> {
  const server = await startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" });
  const model = await startPracticeModel({ script: demoScript(packageFolder) });
  try {
    const gateway = await startPhoneGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      clawdtalkServer: server.url,
      ownerNumber: OWNER,
      signal,
    });
    return {
      server,
      model,
      gateway,
      close: async () => {
        await gateway.stop();
        await Promise.all([server.close(), model.close()]);
      },
    };
  } catch (error) {
    await Promise.all([server.close(), model.close()]);
    throw error;
  }
}

/**
 * Plays the conversation. `say` is given each line as it happens, with its milliseconds since the start.
 *
 * @throws an error with one sentence when a turn, a text or a call does not come, or when the wire was broken.
 */
export async function playDemo(
  { server, model }: DemoLine,
  say: (line: string) => void,
): Promise<DemoResult> {
  const startedAt = Date.now();
  const tell = (who: string, text: string) =>
    say(`${String(Date.now() - startedAt).padStart(6)} ms  ${who.padEnd(7)} ${text}`);
  const follow = (call: PracticeCall, name: string) =>
    call.follow((entry) => tell(entry.who === "agent" ? "agent" : name, entry.text));

  const calls: DemoResult["calls"][number][] = [];
  const sms: DemoResult["sms"][number][] = [];

  const talk = async (call: PracticeCall, words: readonly string[]): Promise<DemoTurn[]> => {
    const turns: DemoTurn[] = [];
    for (const said of words) turns.push(report(await asked(call.say(said), model), say));
    return turns;
  };

  say("The owner rings the agent.");
  const first = await server.ring({ from: OWNER });
  follow(first, "owner");
  await first.heardGreeting(WAIT);
  calls.push({
    carrier: "clawdtalk",
    direction: "inbound",
    turns: await talk(first, [
      "What is on my list today?",
      "And what is the weather like?",
      "明天几点开会？",
    ]),
  });
  first.hangUp();

  const text = async (body: string): Promise<void> => {
    tell("owner", `(text) ${body}`);
    const replies = await server.text({ from: OWNER, body }).reply(WAIT);
    const reply = replies.map((message) => message.body).join("\n");
    tell("agent", `(text) ${reply}`);
    sms.push({ from: OWNER, body, reply });
  };

  /** The owner's text makes the agent place a call; whoever answers says these words. */
  const calledBack = async (body: string, name: string, words: readonly string[]): Promise<void> => {
    const [call] = await Promise.all([server.nextOutbound(WAIT), text(body)]);
    follow(call, name);
    tell("agent", call.greeting ?? "");
    calls.push({ carrier: "clawdtalk", direction: "outbound", turns: await talk(call, words) });
    call.hangUp();
  };

  say("The owner texts the agent.");
  await text("Is there anything on my list for tomorrow?");

  say("The owner asks to be called back; the agent places the call.");
  server.onOutbound = () => ({ does: "answer" });
  await calledBack("Please call me back.", "owner", ["What is the weather like?"]);

  say("The agent rings a third number for the owner.");
  await calledBack(`Call the bakery at ${BAKERY} and order two loaves.`, "bakery", [
    "Bakery, good morning. What can I do for you?",
  ]);

  const [violation] = server.violations;
  if (violation !== undefined) throw new Error(`The wire was broken: ${violation.message}`);
  return { ok: true, calls, sms };
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

function report(turn: DemoTurn, say: (line: string) => void): DemoTurn {
  say(
    `           (first speech after ${turn.firstSpeechMs} ms, done after ${turn.doneMs} ms, ${turn.modelCalls} model call${turn.modelCalls === 1 ? "" : "s"})`,
  );
  return turn;
}

/** What the model does in the demo besides its ordinary answers: it calls, with the script the skill names. */
function demoScript(packageFolder: string) {
  const call = (...words: string[]) => ({
    name: "exec",
    arguments: {
      command: [process.execPath, join(packageFolder, "dist", "scripts", "call.js"), ...words]
        .map((word) => JSON.stringify(word))
        .join(" "),
    },
  });
  return [
    { when: /call me back/i, answer: "", toolCall: call("Hello Sam, you wanted me to call.") },
    {
      when: /call the bakery/i,
      answer: "",
      toolCall: call("--to", BAKERY, "--purpose", "Order two loaves for Sam, to be picked up today."),
    },
    {
      when: /Bakery, good morning/,
      answer: "Two loaves for Sam, please. They will be picked up today. Is that possible?",
    },
    {
      when: /list for tomorrow/i,
      answer: "Nothing yet. Tomorrow is free after the meeting at half past nine.",
    },
  ];
}
