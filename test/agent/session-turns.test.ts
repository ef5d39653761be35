import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { SessionTurns } from "../../plugin/agent/session-turns.ts";

const main = { agentId: "main", sessionKey: "agent:main:main" };

/** Work that notes when it begins and ends, and ends when told. */
function work(name: string, log: string[]) {
  const gate = Promise.withResolvers<void>();
  return {
    end: gate.resolve,
    fail: gate.reject,
    run: async () => {
      log.push(`${name} begins`);
      await gate.promise;
      log.push(`${name} ends`);
      return name;
    },
  };
}

it("takes the turns of one session one after the other, in the order they came", async () => {
  const [turns, log] = [new SessionTurns(), [] as string[]];
  const [one, two] = [work("one", log), work("two", log)];
  const results = [turns.take(main, one.run), turns.take({ ...main }, two.run)];
  await sleep(0);
  expect(log).toEqual(["one begins"]);
  two.end();
  one.end();
  expect(await Promise.all(results)).toEqual(["one", "two"]);
  expect(log).toEqual(["one begins", "one ends", "two begins", "two ends"]);
});

it("lets other sessions, and the same key of another agent, go on", async () => {
  const [turns, log] = [new SessionTurns(), [] as string[]];
  const waiting = work("main", log);
  const first = turns.take(main, waiting.run);
  for (const other of [
    { ...main, sessionKey: "global" },
    { ...main, agentId: "work" },
  ]) {
    expect(await turns.take(other, async () => "done")).toBe("done");
  }
  waiting.end();
  await first;
});

it("goes on after a turn that failed, and tells only its own caller", async () => {
  const [turns, log] = [new SessionTurns(), [] as string[]];
  const failing = work("one", log);
  const first = turns.take(main, failing.run);
  const second = turns.take(main, async () => "two");
  failing.fail(new Error("no model"));
  await expect(first).rejects.toThrow("no model");
  expect(await second).toBe("two");
});

it("never begins a turn that was given up while it waited", async () => {
  const [turns, log] = [new SessionTurns(), [] as string[]];
  const [one, two] = [work("one", log), work("two", log)];
  const giveUp = new AbortController();
  const first = turns.take(main, one.run);
  const second = turns.take(main, two.run, giveUp.signal);
  giveUp.abort();
  one.end();
  await first;
  await expect(second).rejects.toThrow();
  expect(log).toEqual(["one begins", "one ends"]);
});
