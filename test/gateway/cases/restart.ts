/**
 * What a caller and a sender notice when the gateway ends, is killed, or loses its connection: calls go on at the
 * service meanwhile, and texts are written down.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { PracticeCall } from "../../../plugin/practice/caller.ts";
import {
  OWNER,
  type PhoneLine,
  promptOf,
  requestsAbout,
  SECRET_WORD,
  STRANGER,
  startPhoneLine,
} from "../phone-line.ts";

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
let line: PhoneLine;
let call: PracticeCall;
/** Turned off when the gateway is killed: what is asked again is answered at once. */
let isSlow = true;

beforeAll(async () => {
  line = await startPhoneLine({
    // Whoever rings or writes does not wait for warm caches either.
    waitForLines: false,
    config: {
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
      ],
    },
  });
  await line.server.waitForClient({ timeoutMs: 30_000 });
  call = await line.server.ring();
  await call.heardGreeting(wait);
  await call.say("Remember the word marzipan").result(wait);
});
afterAll(async () => await line?.close());

/** Ends the gateway, if it has not ended, starts it on the same folder, and waits until its line is connected. */
async function restart(signal?: "SIGTERM"): Promise<void> {
  const count = line.server.clients.length + 1;
  await line.restart(signal);
  await line.server.waitForClient({ count, timeoutMs: 60_000 });
}
/** The answers this number got. The gateway's announcement to the owner that it takes a turn up is none. */
const answersTo = (number: string) =>
  line.server.messages.filter(
    ({ direction, to, body }) =>
      direction === "outbound" &&
      to === number &&
      !body.startsWith("I'm continuing your interrupted request"),
  );
/** What clients said on the line since frame number `since`. */
const framesSince = (since: number, type: string) =>
  line.server.frames.slice(since).filter(({ message }) => (message as { type?: string }).type === type);

/** The caller goes on as if nothing had been: answered in the same session, not greeted again. */
async function expectCallGoesOn(): Promise<void> {
  const since = line.server.frames.length;
  // A service that tells its calls to a new client once more.
  line.server.emit("call.started", { call_id: call.callId, direction: "inbound" });
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
  it("finishes what it is saying, and answers after the restart what came meanwhile", async () => {
    const since = line.server.frames.length;
    const turn = call.say("Please count to eight");
    await turn.firstSpeech(wait);
    const { gateway } = line;
    const restarted = restart("SIGTERM");
    await vi.waitFor(() => expect(gateway.output()).toContain("received SIGTERM"), { timeout: 5_000 });
    const text = line.server.text({ from: WHILE_ENDING, body: "What is the weather?" });
    await turn.result(wait);
    expect(turn.heard.join(" ")).toBe(COUNTING);
    await restarted;
    expect(framesSince(since, "client_restart"), "what only a reconnect says").toEqual([]);
    expect(await text.reply(wait)).toHaveLength(1);
  });

  it("answers the caller's next words on the same call", expectCallGoesOn);
});

describe("a gateway that is killed", () => {
  it("answers every text exactly once, wherever it stood", async () => {
    const { server, model } = line;
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

    await line.gateway.stop({ keepState: true, signal: "SIGKILL" });
    isSlow = false;
    server.behave();
    turnBack(line.gateway.stateDir);
    await restart();

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

  it("answers the caller's next words on the same call", expectCallGoesOn);
});

describe("a connection that is lost while an answer is being said", () => {
  it("brings the rest as the result when it is back, nothing twice", async () => {
    const { server } = line;
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
  expect(line.server.violations).toEqual([]);
  const written = line.server.messages
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
