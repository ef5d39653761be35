// Proves how calls run on the ClawCall practice line: polls and slots, who gets through, the clocks of waiting, and
// calls out with whoever picks up.
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ClawCallHeard } from "../../plugin/practice/clawcall-caller.ts";
import { ClawCallClient, practice } from "./clawcall-client.ts";
import { rulesBroken, soon } from "./observed.ts";

const STRANGER = "+15550007777";
const words = (heard: readonly ClawCallHeard[]) => heard.map(({ text }) => text);
const fillers = (heard: readonly ClawCallHeard[]) => heard.filter(({ filler }) => filler);

describe("ringing in", () => {
  it("picks up, greets, and carries what is said both ways", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    await call.answered();
    expect(call.heard).toEqual([{ text: expect.any(String), atMs: 0, filler: false, who: "service" }]);
    const turn = call.say("Wie spät ist es? 你好");
    const given = await client.listen();
    expect(given).toEqual({ ok: true, call_sid: call.callSid, message: "Wie spät ist es? 你好" });
    expect((await client.respond(call.callSid, "  Zehn Uhr.  ")).body).toEqual({ ok: true });
    expect(await turn.result()).toMatchObject({ text: "Zehn Uhr.", filler: false, who: "agent" });
    expect(await turn.firstSpeech()).toBe(turn.answer);
    expect(server.answers).toMatchObject([
      { callSid: call.callSid, response: "Zehn Uhr.", endCall: false, status: 200, heard: true },
    ]);
    expect(server.answers[0]?.takenFor).toBe(turn.message);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("hangs up after an answer with end_call", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    call.say("Bye.");
    await client.answer("Goodbye.", true);
    expect(await call.ended()).toEqual({ by: "agent", reason: "end_call" });
    expect(call.heard.at(-1)?.text).toBe("Goodbye.");
    expect(() => call.say("Hello?")).toThrow("Nobody is on the phone");
  });

  it("turns away on the shared number whoever is not registered, and nobody on an own number", async () => {
    const { server, client } = await practice({ dedicatedNumber: "+15550006666", tier: "pro" });
    const away = await server.ring({ from: STRANGER });
    expect(away.end).toEqual({ by: "service", reason: "turned_away" });
    await expect(away.answered()).rejects.toThrow("turned_away");
    const through = await server.ring({ from: STRANGER, toDedicated: true });
    through.say("Hello.");
    expect((await client.listen()).message).toBe("Hello.");
    const { calls } = (await client.get("/calls/history")).body;
    expect(calls).toMatchObject([{ from_number: STRANGER, to_number: "+15550006666", direction: "inbound" }]);
  });

  it("has the call's row, with the caller's number, before the first turn", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    expect((await client.get("/calls/history")).body.calls).toEqual([
      {
        id: expect.any(String),
        twilio_call_sid: call.callSid,
        direction: "inbound",
        call_type: "user_initiated",
        from_number: server.ownerNumber,
        to_number: server.sharedNumber,
        duration_seconds: null,
        status: "in-progress",
        started_at: expect.stringMatching(/ GMT$/),
        ended_at: null,
      },
    ]);
    expect(server.messages).toEqual([]);
  });

  it("has no number of its own to dial unless it was given one", async () => {
    const { server } = await practice();
    await expect(server.ring({ toDedicated: true })).rejects.toThrow("no dedicated number");
    const nobody = await server.ring({ to: "+15550000001" });
    expect(nobody.end?.reason).toBe("turned_away");
  });
});

describe("polls", () => {
  it("answers timeout when there is nothing, 25 s at most", async () => {
    const { server, client } = await practice({ timings: { longestPollMs: 30 } });
    expect(await client.listen(0.01)).toEqual({ ok: true, timeout: true });
    expect(await client.listen(60)).toEqual({ ok: true, timeout: true });
    expect((await client.get("/calls/listen")).body).toEqual({ ok: true, timeout: true });
    expect(server.listens.map(({ timeout, timeoutMs }) => [timeout, timeoutMs])).toEqual([
      [0.01, 10],
      [60, 30],
      [25, 30],
    ]);
    expect(server.listens.every(({ abandoned, endedAt }) => !abandoned && endedAt !== undefined)).toBe(true);
  });

  it("hands a message out once, in order, and keeps it until somebody listens", async () => {
    const { server, client } = await practice();
    const [first, second] = [await server.ring(), await server.ring()];
    first.say("One.");
    second.say("Two.");
    expect((await client.listen()).message).toBe("One.");
    expect((await client.listen()).message).toBe("Two.");
    expect(await client.listen(0.01)).toEqual({ ok: true, timeout: true });
    expect(server.lostMessages).toEqual([]);
  });

  it("gives a message to a poll whose client has gone, until that poll's timeout: it is lost", async () => {
    const { server, client } = await practice({ timings: { longestPollMs: 500 } });
    const leaving = new AbortController();
    const left = client.listen(25, leaving.signal).catch(() => "gone");
    await server.waitForListener();
    leaving.abort();
    expect(await left).toBe("gone");
    await soon(() => server.listens[0]?.abandoned);
    expect(server.listening).toBe(false);
    const call = await server.ring();
    const lost = call.say("Can you hear me?");
    await soon(() => server.lostMessages[0]);
    expect(server.lostMessages).toEqual([lost.message]);
    expect(await client.listen(0.01)).toEqual({ ok: true, timeout: true });
    // Whoever posts to the call mends it.
    await client.respond(call.callSid, "Say that again, please.");
    expect((await lost.result()).text).toBe("Say that again, please.");

    const leavingAgain = new AbortController();
    const leftAgain = client.listen(25, leavingAgain.signal).catch(() => "gone");
    const poll = await soon(() => server.listens[2]);
    leavingAgain.abort();
    expect(await leftAgain).toBe("gone");
    await soon(() => poll.endedAt);
    expect(poll).toMatchObject({ abandoned: true, message: undefined });
    call.say("And now?");
    expect((await client.listen()).message).toBe("And now?");
    expect(rulesBroken(server)).toEqual([]);
  });

  it("lets several listeners of a key share its messages, and holds that against them", async () => {
    const { server, client } = await practice();
    const both = [client.listen(5), client.listen(5)];
    await soon(() => server.violations[0]);
    const call = await server.ring();
    call.say("One.");
    call.say("Two.");
    const given = await Promise.all(both);
    expect(given.map(({ message }) => message).sort()).toEqual(["One.", "Two."]);
    expect(new Set(rulesBroken(server))).toEqual(new Set(["two_listeners"]));
  });

  it("has a queue for each agent", async () => {
    const { server, client } = await practice();
    const { body } = await client.post("/register", { phone_number: STRANGER, agent_name: "Sam" });
    const other = new ClawCallClient(server, String(body.api_key));
    (await server.ring({ from: STRANGER })).say("For Sam.");
    (await server.ring()).say("For Robin.");
    expect((await client.listen()).message).toBe("For Robin.");
    expect((await other.listen()).message).toBe("For Sam.");
  });
});

describe("slots", () => {
  it("refuses an empty answer (400) and one for a call it does not know (404)", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    const turn = call.say("Hello?");
    expect(await client.respond(call.callSid, "  ")).toMatchObject({ status: 400, body: { ok: false } });
    expect(await client.respond("CA0", "Hello.")).toMatchObject({ status: 404, body: { ok: false } });
    expect(turn.heard).toEqual([]);
    expect(server.answers).toMatchObject([{ status: 404, takenFor: undefined, heard: false }]);
    expect(rulesBroken(server)).toEqual(["bad_request"]);
  });

  it("takes what is posted for the newest message, and says which", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    const older = call.say("How old is the moon?");
    await client.listen();
    const newer = call.say("No: how far is it?");
    await client.listen();
    await client.respond(call.callSid, "Four billion years.");
    expect((await newer.result()).text).toBe("Four billion years.");
    expect(older.answer).toBeUndefined();
    await expect(older.result()).rejects.toThrow("was over");
    expect(server.answers[0]?.takenFor).toBe(newer.message);
  });

  it("holds an answer against the client that was taken for a message nobody had been given", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    call.say("First.");
    await client.listen();
    const second = call.say("Second.");
    await client.respond(call.callSid, "About the first.");
    expect(rulesBroken(server)).toEqual(["late_answer"]);
    expect(server.answers[0]?.takenFor).toBe(second.message);
  });

  it("holds a second answer against the client; nobody hears it", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    const turn = call.say("Hello?");
    await client.answer("Hello.");
    expect((await client.respond(call.callSid, "Hello again.")).status).toBe(200);
    expect(words(turn.heard)).toEqual(["Hello."]);
    expect(server.answers.map(({ heard }) => heard)).toEqual([true, false]);
    expect(rulesBroken(server)).toEqual(["answered_twice"]);
  });

  it("forgets a slot after its life", async () => {
    let now = 1_000_000;
    const { server, client } = await practice({ now: () => now });
    const call = await server.ring();
    call.say("Hello?");
    await client.listen();
    now += 300_001;
    expect((await client.respond(call.callSid, "Hello.")).status).toBe(404);
    call.say("Hello??");
    await client.listen();
    now += 299_999;
    expect((await client.respond(call.callSid, "Hello.")).status).toBe(200);
  });

  it("clears the slot when the caller hangs up, not the queue", async () => {
    const { server, client } = await practice();
    const call = await server.ring();
    const turn = call.say("Never mind.");
    call.hangUp();
    expect(await call.ended()).toEqual({ by: "person", reason: "hang_up" });
    expect((await client.listen()).message).toBe("Never mind.");
    expect((await client.respond(call.callSid, "What?")).status).toBe(404);
    await expect(turn.result()).rejects.toThrow("was over");
    expect(rulesBroken(server)).toEqual([]);
  });
});

describe("waiting on the phone", () => {
  it("hears filler after a while, then regularly, then the answer", async () => {
    const { server, client } = await practice({ timings: { fillerAfterMs: 400, fillerEveryMs: 20 } });
    const call = await server.ring();
    const turn = call.say("Think hard.");
    expect(await turn.firstSpeech()).toMatchObject({ filler: true, who: "service" });
    await soon(() => fillers(turn.heard)[2]);
    await client.answer("Done.");
    expect((await turn.result()).text).toBe("Done.");
    const [first, second, third] = turn.heard;
    expect(first?.atMs).toBeGreaterThanOrEqual(399);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(19);
    expect((third?.atMs ?? 0) - (second?.atMs ?? 0)).toBeLessThan(300);
    const heard = turn.heard.length;
    await pause(60);
    expect(turn.heard).toHaveLength(heard);
  });

  it("has the service's own clocks unless told otherwise", async () => {
    const { server } = await practice();
    expect(server.timings).toMatchObject({
      longestPollMs: 25_000,
      fillerAfterMs: 12_000,
      fillerEveryMs: 10_000,
      openingFillerEveryMs: 5_000,
      silenceMs: 8_000,
      slotLifeMs: 300_000,
    });
  });
});

describe("callbacks", () => {
  it("rings the owner, speaks the message and hangs up without follow-up", async () => {
    const { server, client } = await practice({ tier: "pro" });
    const placed = await client.post("/calls/outbound/callback", {
      message: "It is done.",
      allow_followup: false,
    });
    const call = await server.nextCall();
    expect(placed.body).toEqual({ ok: true, call_sid: call.callSid, callback_id: call.facts.callbackId });
    expect(call.facts).toMatchObject({ kind: "callback", to: server.ownerNumber });
    expect(words(call.heard)).toEqual(["It is done."]);
    expect(call.end).toEqual({ by: "agent", reason: "message_spoken" });
    expect(server.messages).toEqual([]);
  });

  it("lets the owner ask on, as in any call", async () => {
    const { server, client } = await practice({ tier: "pro" });
    const next = server.nextCall({ does: "answer", says: ["How long did it take?"] });
    await client.post("/calls/outbound/callback", { message: "It is done.", allow_followup: true });
    const call = await next;
    expect(await client.answer("Two hours.")).toBe("How long did it take?");
    expect(await call.ended()).toEqual({ by: "person", reason: "hang_up" });
    expect(words(call.heard)).toEqual(["It is done.", "Two hours."]);
  });

  it("never says that nobody picked up, nor notes it, unless told to", async () => {
    for (const unansweredInHistory of [false, true]) {
      const { server, client } = await practice({ tier: "pro", unansweredInHistory });
      const next = server.nextCall({ does: "busy" });
      await client.post("/calls/outbound/callback", { message: "It is done.", allow_followup: true });
      const call = await next;
      expect(call.end).toEqual({ by: "service", reason: "busy" });
      await expect(call.answered()).rejects.toThrow("busy");
      expect(server.messages).toEqual([]);
      const { calls } = (await client.get("/calls/history")).body;
      expect(calls).toMatchObject(unansweredInHistory ? [{ status: "busy", duration_seconds: null }] : []);
      expect(server.account.minutesUsed).toBe(0);
    }
  });
});

describe("third parties", () => {
  const order = { to_number: STRANGER, objective: "Book a table.", context: "For two." };

  it("opens, carries the conversation, and reports it after our end_call", async () => {
    const { server, client } = await practice({ tier: "pro" });
    const next = server.nextCall({ does: "answer", says: ["Bistro Sol?", "[SCHEDULED] Eight is fine."] });
    const placed = (await client.post("/calls/outbound/third-party", order)).body;
    expect(await client.answer("Hello, a table for two?")).toBe(
      "[THIRD PARTY CALL]\nObjective: Book a table.\nContext: For two.",
    );
    const call = await next;
    expect(placed).toEqual({ ok: true, call_sid: call.callSid, job_id: call.facts.jobId });
    expect(call.facts).toMatchObject({ kind: "third-party", to: STRANGER });
    expect(await client.answer("At eight?")).toBe("[THIRD PARTY SAYS]: Bistro Sol?");
    expect(await client.answer("Thank you.", true)).toBe("[THIRD PARTY SAYS]: [SCHEDULED] Eight is fine.");
    expect(call.end).toEqual({ by: "agent", reason: "end_call" });

    const notice = await client.listen();
    expect(notice.call_sid).toBe(`notify-${placed.job_id}`);
    const [head, json = ""] = notice.message.split("\n");
    expect(head).toBe("[THIRD PARTY COMPLETE]");
    const transcript = [
      { role: "agent", text: "Hello, a table for two?" },
      { role: "third_party", text: "Bistro Sol?" },
      { role: "agent", text: "At eight?" },
      { role: "third_party", text: "[SCHEDULED] Eight is fine." },
      { role: "agent", text: "Thank you." },
    ];
    expect(JSON.parse(json)).toEqual({ job_id: placed.job_id, status: "completed", transcript });
    expect(rulesBroken(server)).toEqual([]);
    const { calls } = (await client.get("/calls/history?transcripts=true")).body;
    expect(calls).toMatchObject([
      { direction: "outbound", call_type: "third_party", from_number: null, transcript },
    ]);

    expect((await client.respond(notice.call_sid, "Fine.")).status).toBe(200);
    expect(rulesBroken(server)).toEqual(["notification_answered"]);
    expect(server.answers.at(-1)?.heard).toBe(false);
  });

  it("ends in silence, without a report, when the other side says nothing or hangs up", async () => {
    const { server, client } = await practice({ tier: "pro", timings: { silenceMs: 40 } });
    const silent = server.nextCall({ does: "answer", says: () => undefined });
    await client.post("/calls/outbound/third-party", order);
    await client.answer("Hello?");
    const call = await silent;
    expect(await call.ended()).toEqual({ by: "service", reason: "silence" });

    const leaving = server.nextCall({ does: "answer", says: () => ({ hangUp: true }) });
    await client.post("/calls/outbound/third-party", { to_number: STRANGER, objective: "Ask." });
    expect(await client.answer("Hello?")).toBe("[THIRD PARTY CALL]\nObjective: Ask.\nContext: ");
    expect(await (await leaving).ended()).toEqual({ by: "person", reason: "hang_up" });
    expect(await client.listen(0.05)).toEqual({ ok: true, timeout: true });
    expect(server.messages.filter(({ kind }) => kind === "notification")).toEqual([]);
  });

  it("is not silent while the agent is thinking", async () => {
    const { server, client } = await practice({ tier: "pro", timings: { silenceMs: 150 } });
    const next = server.nextCall({ does: "answer" });
    await client.post("/calls/outbound/third-party", order);
    const call = await next;
    await client.answer("Hello?");
    call.say("Yes?");
    await pause(220);
    expect(call.end).toBeUndefined();
    await client.answer("A table.");
    expect(await call.ended()).toEqual({ by: "service", reason: "silence" });
  });

  it("waits for the opening with filler", async () => {
    const timings = { fillerAfterMs: 60, openingFillerEveryMs: 20, fillerEveryMs: 10_000, silenceMs: 5_000 };
    const { server, client } = await practice({ tier: "pro", timings });
    const next = server.nextCall({ does: "answer" });
    await client.post("/calls/outbound/third-party", order);
    const call = await next;
    const [opening] = call.turns;
    await soon(() => fillers(call.heard)[2]);
    expect(opening?.heard[0]?.atMs).toBeGreaterThanOrEqual(59);
    await client.answer("Hello!");
    expect((await opening?.result())?.text).toBe("Hello!");
    // Filler of the opening is nobody's line.
    expect(call.transcript).toEqual([{ role: "agent", text: "Hello!" }]);
  });

  it("takes filler for the agent's line later on, and a late answer for the answer to the next words", async () => {
    const { server, client } = await practice({
      tier: "pro",
      timings: { fillerAfterMs: 250, replyAfterMs: 10 },
    });
    const said: string[] = [];
    const next = server.nextCall({
      does: "answer",
      says: ({ filler, text }) => {
        said.push(text);
        return filler ? "Pardon?" : "Which day?";
      },
    });
    await client.post("/calls/outbound/third-party", order);
    await client.answer("A table, please.");
    const call = await next;
    expect((await client.listen()).message).toBe("[THIRD PARTY SAYS]: Which day?");
    const [, first] = await soon(() => (call.turns.length === 3 ? call.turns : undefined));
    expect(fillers(first?.heard ?? [])).toHaveLength(1);
    await expect(first?.result()).rejects.toThrow("was over");
    expect((await client.listen()).message).toBe("[THIRD PARTY SAYS]: Pardon?");
    // Written for "Which day?".
    await client.respond(call.callSid, "On Tuesday.");
    expect(call.turns[2]?.answer?.text).toBe("On Tuesday.");
    expect(server.answers.at(-1)?.takenFor?.text).toBe("[THIRD PARTY SAYS]: Pardon?");
    expect(said.slice(0, 1)).toEqual(["A table, please."]);
    expect(call.transcript.slice(1, 5)).toEqual([
      { role: "third_party", text: "Which day?" },
      { role: "agent", text: first?.heard[0]?.text },
      { role: "third_party", text: "Pardon?" },
      { role: "agent", text: "On Tuesday." },
    ]);
  });

  it("loses an answer that comes between the filler and the next words", async () => {
    const { server, client } = await practice({ tier: "pro", timings: { fillerAfterMs: 40 } });
    const next = server.nextCall({ does: "answer" });
    await client.post("/calls/outbound/third-party", order);
    const call = await next;
    await client.answer("Hello.");
    const turn = call.say("Yes?");
    await client.listen();
    await turn.firstSpeech();
    expect((await client.respond(call.callSid, "A table.")).status).toBe(200);
    expect(server.answers.at(-1)).toMatchObject({ heard: false, status: 200 });
    expect(server.answers.at(-1)?.takenFor).toBe(turn.message);
    expect(turn.answer).toBeUndefined();
  });
});

describe("calls out, to whoever waits for them", () => {
  it("hands them over in order, once each, and asks onRing what nobody else said", async () => {
    const { server, client } = await practice({ tier: "pro", onRing: () => ({ does: "no-answer" }) });
    const callBack = (message: string) =>
      client.post("/calls/outbound/callback", { message, allow_followup: true });
    await callBack("One.");
    const one = await server.nextCall();
    expect(one.end?.reason).toBe("no-answer");
    await expect(server.nextCall(undefined, { timeoutMs: 20 })).rejects.toThrow("in vain");
    server.onRing = () => ({ does: "answer" });
    await callBack("Two.");
    await callBack("Three.");
    expect(words((await server.nextCall()).heard)).toEqual(["Two."]);
    expect(words((await server.nextCall()).heard)).toEqual(["Three."]);
    await callBack("Four.");
    await soon(() => server.calls.at(-1)?.answeredAt);
    await expect(server.nextCall({ does: "busy" })).rejects.toThrow("has rung already");
    expect(words((await server.nextCall()).heard)).toEqual(["Four."]);
  });
});
