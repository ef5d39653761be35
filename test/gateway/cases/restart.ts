/**
 * What a caller and a sender notice when the gateway ends, is killed, or loses its connection: calls go on at the
 * services meanwhile, and texts are written down. A gateway takes fifteen seconds of processor time to start: what is
 * proven on ClawdTalk's line and on ClawCall's is proven at the same end of it.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { PracticeCall } from "../../../plugin/practice/caller.ts";
import { type ClawCallPractice, startClawCallPractice } from "../../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../../plugin/practice/clawdtalk-server.ts";
import { ANSWERS, Askers, answerTo, question, SORRY, wordsHeard } from "../clawcall-questions.ts";
import {
  OWNER,
  type PhoneLine,
  promptOf,
  requestsAbout,
  SECRET_WORD,
  STRANGER,
  startLineOn,
} from "../phone-line.ts";
import { DEDICATED } from "../three-services.ts";

/** A number for each text, so that none waits for another one of its sender. */
const [WHILE_ENDING, BEING_ANSWERED, SENT_UNNOTED, NOT_SENT] = [
  "+15550004441",
  "+15550004442",
  "+15550004443",
  "+15550004444",
] as const;
const COUNTING = Array.from({ length: 8 }, (_, index) => `This is number ${index + 1} of eight.`).join(" ");
const wait = { timeoutMs: 45_000 };
// A gateway takes twenty seconds of processor time until it answers, and these tests start one in the middle.
vi.setConfig({ testTimeout: 120_000 });
interface Services {
  readonly clawdtalk: ClawdTalkPractice;
  readonly clawcall: ClawCallPractice;
  close(): Promise<void>;
}
let line: PhoneLine<Services>;
/** Of the agent that speaks on ClawCall's line. */
let folder: string;
let call: PracticeCall;
/** Turned off when the gateway is killed: what is asked again is answered at once. */
let isSlow = true;

beforeAll(async () => {
  const [clawdtalk, clawcall] = await Promise.all([
    startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333" }),
    startClawCallPractice({
      ownerNumber: OWNER,
      dedicatedNumber: DEDICATED,
      tier: "pro",
      // What the service says while somebody waits is proven elsewhere; here a slow machine must change nothing.
      timings: { fillerAfterMs: 120_000, silenceMs: 120_000 },
    }),
  ]);
  folder = await mkdtemp(join(tmpdir(), "switchboard-restart-"));
  await writeFile(join(folder, "USER.md"), `The owner's secret word is ${SECRET_WORD}.\n`);
  const close = async () => void (await Promise.all([clawdtalk.close(), clawcall.close()]));
  const servers = { clawdtalk, clawcall, close };
  line = await startLineOn(servers, {
    clawdtalkServer: clawdtalk.url,
    clawcallBaseUrl: clawcall.url,
    // Each line speaks with an agent of its own: the turns of one session follow each other.
    settings: { lines: { clawcall: { agentId: "other" } } },
    // Whoever rings or writes does not wait for warm caches either.
    waitForLines: false,
    config: {
      agents: {
        list: [
          { id: "main", default: true },
          { id: "other", workspace: folder },
        ],
      },
      channels: {
        phone: { enabled: true, allowFrom: [WHILE_ENDING, BEING_ANSWERED, SENT_UNNOTED, NOT_SENT] },
      },
    },
    model: {
      script: [
        { when: /count to eight/, answer: COUNTING, perWordMs: 40 },
        {
          when: ({ lastUserText }) => isSlow && lastUserText.includes("breaks off"),
          answer: "Never heard.",
          firstTokenMs: 60_000,
        },
        ...ANSWERS,
      ],
    },
  });
  await Promise.all([
    clawdtalk.waitForClient({ timeoutMs: 60_000 }),
    clawcall.waitForListener({ timeoutMs: 60_000 }),
  ]);
  call = await line.server.clawdtalk.ring();
  await call.heardGreeting(wait);
  await call.say("Remember the word marzipan").result(wait);
});
afterAll(async () => {
  await line?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Those on ClawCall's line. */
const askers = new Askers(() => ({
  server: line.server.clawcall,
  model: line.model,
  gateway: line.gateway,
}));

/** Ends the gateway, if it has not ended, starts it on the same folder, and waits until its lines are connected. */
async function restart(signal?: "SIGTERM"): Promise<void> {
  const { clawdtalk, clawcall } = line.server;
  const count = clawdtalk.clients.length + 1;
  await line.restart(signal);
  await Promise.all([
    clawdtalk.waitForClient({ count, timeoutMs: 60_000 }),
    clawcall.waitForListener({ timeoutMs: 60_000 }),
  ]);
}

/** Where two tests that run at the same time wait for each other. */
class Meeting<Told = void> {
  readonly #told = Promise.withResolvers<Told>();
  readonly #others = Promise.withResolvers<void>();

  /** The one that waits to be told. */
  async isReady(): Promise<Told> {
    this.#others.resolve();
    return await this.#told.promise;
  }

  /** The one that goes on when the other one is ready. */
  async othersReady(): Promise<void> {
    await this.#others.promise;
  }

  tell(what: Told): void {
    this.#told.resolve(what);
  }
}
/** The answers this number got. The gateway's announcement to the owner that it takes a turn up is none. */
const answersTo = (number: string) =>
  line.server.clawdtalk.messages.filter(
    ({ direction, to, body }) =>
      direction === "outbound" &&
      to === number &&
      !body.startsWith("I'm continuing your interrupted request"),
  );
/** What clients said on the line since frame number `since`. */
const framesSince = (since: number, type: string) =>
  line.server.clawdtalk.frames
    .slice(since)
    .filter(({ message }) => (message as { type?: string }).type === type);

/** The caller goes on as if nothing had been: answered in the same session, not greeted again. */
async function expectCallGoesOn(): Promise<void> {
  const since = line.server.clawdtalk.frames.length;
  // A service that tells its calls to a new client once more.
  line.server.clawdtalk.emit("call.started", { call_id: call.callId, direction: "inbound" });
  const before = line.model.requests.length;
  expect((await call.say("Which coat for this weather?").result(wait)).text).toContain("coat");
  const requests = requestsAbout(line.model, "Which coat for this weather?").filter(
    (request) => line.model.requests.indexOf(request) >= before,
  );
  expect(requests).toHaveLength(1);
  expect(promptOf(requests[0]).includes("marzipan"), "the call's earlier words").toBe(true);
  expect(framesSince(since, "response"), "greetings").toEqual([]);
}

describe("a gateway that is ended", () => {
  const atEnd = new Meeting<{ readonly restarted: Promise<void> }>();

  it.concurrent("ClawdTalk: finishes what it is saying, and answers after the restart what came meanwhile", async () => {
    await atEnd.othersReady();
    const since = line.server.clawdtalk.frames.length;
    const turn = call.say("Please count to eight");
    await turn.firstSpeech(wait);
    const { gateway } = line;
    const restarted = restart("SIGTERM");
    atEnd.tell({ restarted });
    await vi.waitFor(() => expect(gateway.output()).toContain("received SIGTERM"), { timeout: 5_000 });
    const text = line.server.clawdtalk.text({ from: WHILE_ENDING, body: "What is the weather?" });
    await turn.result(wait);
    expect(turn.heard.join(" ")).toBe(COUNTING);
    await restarted;
    expect(framesSince(since, "client_restart"), "what only a reconnect says").toEqual([]);
    expect(await text.reply(wait)).toHaveLength(1);
  });

  it.concurrent("ClawCall: swallows nobody's words, and everybody's call goes on as what it was", async () => {
    const { gateway } = line;
    const server = line.server.clawcall;
    const [broken, listens] = [server.violations.length, server.listens.length];
    const losses = server.lostMessages.length;
    const stranger = await askers.thirdPartyCall();
    const [working, down] = [await askers.dial(), await askers.dial()];
    await askers.ask(working, "before");
    const long = working.say(question("long"));
    await line.model.until(() => requestsAbout(line.model, long.message.text)[0], "the long turn", wait);
    const phoneIsTaken = Promise.withResolvers<{ does: "answer" }>();
    server.onRing = () => phoneIsTaken.promise;
    await askers.placeCall("The backup is done: 42 files.");

    const { restarted } = await atEnd.isReady();
    await vi.waitFor(() => expect(gateway.output()).toContain("received SIGTERM"), { timeout: 20_000 });
    const ending = await askers.ringDuring(gateway.ended, "ending");
    const whileDown = down.say(question("down"));
    const ofStranger = stranger.say(question("strangerdown"));
    await restarted;

    await Promise.all([
      askers.ask(working, "afterlong"),
      whileDown.result(wait).then(() => askers.ask(down, "afterdown")),
      ofStranger.result(wait),
    ]);
    expect(wordsHeard(long)).toEqual([answerTo("long")]);
    await askers.expectAllHeard(ending);
    expect(wordsHeard(whileDown)).toEqual([answerTo("down")]);
    expect(wordsHeard(ofStranger)).toEqual([answerTo("strangerdown")]);
    await askers.expectStrangersSession(stranger, "stranger2");
    expect(server.lostMessages.slice(losses)).toEqual([]);
    expect(server.listens.slice(listens).filter(({ abandoned }) => abandoned)).toEqual([]);

    const incoming = server.nextCall(undefined, wait);
    phoneIsTaken.resolve({ does: "answer" });
    const callback = await incoming;
    expect([callback.kind, callback.heard[0]?.text]).toEqual(["callback", "The backup is done: 42 files."]);
    const { message } = await askers.ask(callback, "callback");
    const prompt = requestsAbout(line.model, message.text).map(promptOf).join();
    expect(prompt.includes("The backup is done: 42 files."), "what the call began with").toBe(true);
    expect(prompt.includes(SECRET_WORD), "the owner's files").toBe(true);
    expect(askers.violations(broken)).toEqual([]);
    for (const call of [working, down, callback, stranger, ...ending]) call.hangUp();
  });

  it("answers the caller's next words on the same call", expectCallGoesOn);
});

describe("a gateway that is killed", () => {
  const [atKill, whileDown] = [new Meeting(), new Meeting()];

  it.concurrent("ClawdTalk: answers every text exactly once, wherever it stood", async () => {
    const { model } = line;
    const server = line.server.clawdtalk;
    const since = server.frames.length;
    server.faults.rest = [{ path: "/v1/messages/send", kind: "timeout", times: 1 }];
    const notSent = server.text({ from: NOT_SENT, body: "What is the weather, not sent?" });
    await server.until(
      () => server.rest.find((request) => Object(request.body).to === NOT_SENT),
      "its request",
      wait,
    );
    server.faults.restLatencyMs = 60_000;
    server.text({ from: SENT_UNNOTED, body: "What is the weather, sent?" });
    await server.until(() => answersTo(SENT_UNNOTED)[0], "its reply", wait);
    const ofGuest = server.text({ from: BEING_ANSWERED, body: "The guest's text breaks off" });
    const ofOwner = server.text({ from: OWNER, body: "The owner's text breaks off" });
    const other = await server.ring({ direction: "outbound", from: STRANGER });
    other.say("The stranger's question breaks off");
    for (const who of ["guest's text", "owner's text", "stranger's question"]) {
      await model.until(() => requestsAbout(model, `${who} breaks off`)[0], `the ${who}'s turn`, wait);
    }
    const killedAt = model.requests.length;

    // Killed by the one below, whose moment is the shorter one.
    await atKill.isReady();
    isSlow = false;
    server.behave();
    turnBack(line.gateway.stateDir);
    await whileDown.othersReady();
    await restart();
    whileDown.tell();

    expect(framesSince(since, "client_restart"), "what only a reconnect says").toEqual([]);
    await Promise.all([notSent, ofGuest, ofOwner].map((text) => text.reply(wait)));
    await vi.waitFor(
      () => expect(line.gateway.output()).toContain("main-session restart recovery startup complete"),
      { timeout: 20_000 },
    );
    await other.say("Is anybody there?").result(wait);
    await vi.waitFor(() => expect(unsettled(line.gateway.stateDir)).toEqual([]), { timeout: 10_000 });
    for (const number of [NOT_SENT, SENT_UNNOTED, BEING_ANSWERED, OWNER]) {
      expect(answersTo(number), number).toHaveLength(1);
    }
    expect(requestsAbout(model, "not sent"), "asked again though the reply was written").toHaveLength(1);
    expect(requestsAbout(model, "weather, sent"), "asked again though it was sent").toHaveLength(1);
    for (const request of model.requests.slice(killedAt)) {
      const prompt = promptOf(request);
      if (!prompt.includes("The guest's text") && !prompt.includes("The stranger's question")) continue;
      expect(prompt.includes(SECRET_WORD), "the owner's files in somebody else's turn").toBe(false);
      // What is left is the way to the tool that hangs up.
      expect(request.tools.filter((tool) => !/^tool_(?:call|describe|search)$/.test(tool))).toEqual([]);
    }
    other.hangUp();
  });

  it.concurrent("ClawCall: swallows at most what its last poll takes, and the next words are answered", async () => {
    const { gateway } = line;
    const server = line.server.clawcall;
    const [broken, losses] = [server.violations.length, server.lostMessages.length];
    const stranger = await askers.thirdPartyCall();
    const [first, second] = [await askers.dial(), await askers.dial()];
    await askers.ask(first, "alive");
    await askers.ask(second, "alive2");
    await atKill.othersReady();
    const seen = server.listens.length;
    const last = await server.until(() => server.listens[seen], "a poll that has just begun", wait);
    const isKilled = gateway.stop({ keepState: true, signal: "SIGKILL" });
    await gateway.ended;
    await vi.waitFor(() => expect(last.abandoned).toBe(true), { interval: 5 });
    const swallowed = first.say(question("intothevoid"));
    const queued = second.say(question("kept"));
    const ofStranger = stranger.say(question("strangerkept"));
    await isKilled;
    atKill.tell();
    await whileDown.isReady();

    expect(server.lostMessages.slice(losses)).toEqual([swallowed.message]);
    expect(server.listens.slice(seen).filter(({ abandoned }) => abandoned)).toEqual([last]);
    expect(last.timeoutMs, "deaf for at most (ms)").toBeLessThanOrEqual(3_000);
    await queued.result(wait);
    expect(wordsHeard(queued)).toEqual([answerTo("kept")]);
    await ofStranger.result(wait);
    expect(wordsHeard(ofStranger)).toEqual([answerTo("strangerkept")]);
    expect((await swallowed.result(wait)).text).toBe(SORRY);
    await askers.ask(first, "found");
    expect(requestsAbout(line.model, question("intothevoid"))).toEqual([]);
    await askers.expectStrangersSession(stranger, "stranger3");
    expect(askers.violations(broken)).toEqual([]);
  });

  it("answers the caller's next words on the same call", expectCallGoesOn);
});

describe("a connection that is lost while an answer is being said", () => {
  it("brings the rest as the result when it is back, nothing twice", async () => {
    const server = line.server.clawdtalk;
    const since = server.frames.length;
    const clients = server.clients.length;
    const turn = call.say("Please count to eight");
    await turn.firstSpeech(wait);
    const droppedAt = Date.now();
    server.dropClients();
    const { at } = await server.waitForClient({ count: clients + 1, ...wait });
    const outageMs = at - droppedAt;
    expect(outageMs, "the first wait of the backoff").toBeGreaterThan(4_900);
    expect(outageMs, "the first wait of the backoff").toBeLessThan(11_000);
    await turn.result(wait);
    expect(turn.heard.join(" ")).toBe(COUNTING);
    expect(turn.progress.filter(({ atMs }) => turn.saidAt + atMs > droppedAt + 200)).toEqual([]);
    expect(framesSince(since, "client_restart")).toHaveLength(1);
  });

  it("answers the caller's next words on the same call", expectCallGoesOn);
});

it("broke no rule of the wire, and wrote to nobody who did not ask", () => {
  expect(line.server.clawdtalk.violations).toEqual([]);
  const written = line.server.clawdtalk.messages
    .filter(({ direction }) => direction === "outbound")
    .map(({ to }) => to);
  expect(new Set(written)).toEqual(new Set([WHILE_ENDING, NOT_SENT, SENT_UNNOTED, BEING_ANSWERED, OWNER]));
  for (const number of [WHILE_ENDING, NOT_SENT, SENT_UNNOTED, BEING_ANSWERED]) {
    expect(
      written.filter((to) => to === number),
      number,
    ).toHaveLength(1);
  }
});

/** As if the gateway had been down for a minute: whoever sent a text then is not sending it any more. */
function turnBack(stateDir: string): void {
  const store = openStore(stateDir);
  for (const column of ["created_at", "updated_at"]) {
    store.exec(`UPDATE outbox SET ${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-60 seconds')`);
  }
  store.close();
}

/** The texts, in or out, whose end is not known. */
function unsettled(stateDir: string): unknown[] {
  const store = openStore(stateDir);
  try {
    return [
      ...store.prepare("SELECT sender, state FROM inbox WHERE state NOT IN ('answered')").all(),
      ...store.prepare("SELECT recipient, state FROM outbox WHERE state NOT IN ('sent')").all(),
    ];
  } finally {
    store.close();
  }
}

function openStore(stateDir: string): DatabaseSync {
  return new DatabaseSync(join(stateDir, "switchboard", "switchboard.sqlite"), { timeout: 5_000 });
}
