/** A session is told until a turn that had the notice has come to its end. */
import { beforeEach, expect, test, vi } from "vitest";
import {
  endedWell,
  leaveNotice,
  modelAsked,
  noticesFor,
  turnEnded,
} from "../../plugin/agent/owner-notices.ts";
import { phoneRuns } from "../../plugin/agent/phone-runs.ts";

const SESSION = "agent:main:main";

/** A turn is given what its session is to be told, and its model is asked with it. */
function asked(sessionKey: string, runId: string): readonly string[] {
  const notices = noticesFor(sessionKey);
  modelAsked(sessionKey, runId, [...notices, "What is new?"].join("\n\n"));
  return notices;
}

beforeEach(() => phoneRuns().notices.clear());

test("a turn that ends well has told it; no other turn has it after that", () => {
  const onTold = vi.fn();
  leaveNotice(SESSION, "c1", { text: "Booked. 订好了", onTold });
  expect(asked("agent:main:other", "r0")).toEqual([]);
  expect(asked(SESSION, "r1")).toEqual(["Booked. 订好了"]);
  turnEnded(SESSION, "r1", true);
  expect(onTold).toHaveBeenCalledTimes(1);
  expect(asked(SESSION, "r2")).toEqual([]);
});

test("a turn that was broken off has told nothing, and the next one has it again", () => {
  const [onTold, onLost] = [vi.fn(), vi.fn()];
  leaveNotice(SESSION, "c1", { text: "Booked.", onTold, onLost });
  asked(SESSION, "r1");
  turnEnded(SESSION, "r1", false);
  expect([onTold.mock.calls.length, onLost.mock.calls.length]).toEqual([0, 1]);
  expect(asked(SESSION, "r2")).toEqual(["Booked."]);
  turnEnded(SESSION, "r2", true);
  expect(onTold).toHaveBeenCalledTimes(1);
});

test("a turn that asks its model again without the notice has not told it", () => {
  const onTold = vi.fn();
  leaveNotice(SESSION, "c1", { text: "Booked.", onTold });
  asked(SESSION, "r1");
  turnEnded(SESSION, "r1", false);
  noticesFor(SESSION);
  modelAsked(SESSION, "r1", "Continue the current task.");
  turnEnded(SESSION, "r1", true);
  expect(onTold).not.toHaveBeenCalled();
  asked(SESSION, "r1");
  modelAsked(SESSION, "r1", "Continue the current task.");
  turnEnded(SESSION, "r1", true);
  expect(onTold).not.toHaveBeenCalled();
  expect(asked(SESSION, "r2")).toEqual(["Booked."]);
});

test("a turn that began before the notice was left has not told it", () => {
  const onTold = vi.fn();
  asked(SESSION, "r1");
  leaveNotice(SESSION, "c1", { text: "Booked.", onTold });
  turnEnded(SESSION, "r1", true);
  expect(onTold).not.toHaveBeenCalled();
  expect(asked(SESSION, "r2")).toEqual(["Booked."]);
});

test("two turns at once both have it, and it is told once", () => {
  const onTold = vi.fn();
  leaveNotice(SESSION, "c1", { text: "Booked.", onTold });
  asked(SESSION, "r1");
  asked(SESSION, "r2");
  turnEnded(SESSION, "r1", true);
  turnEnded(SESSION, "r2", true);
  expect(onTold).toHaveBeenCalledTimes(1);
});

test("one about the same call is replaced, and whoever left the old one cannot take the new one back", () => {
  const old = vi.fn();
  const takeBack = leaveNotice(SESSION, "c1", { text: "old", onTold: old });
  const onTold = vi.fn();
  leaveNotice(SESSION, "c1", { text: "new", onTold });
  leaveNotice(SESSION, "c2", { text: "another", onTold: () => {} });
  takeBack();
  expect(asked(SESSION, "r1")).toEqual(["new", "another"]);
  turnEnded(SESSION, "r1", true);
  expect([old.mock.calls.length, onTold.mock.calls.length]).toEqual([0, 1]);
});

test("what was taken back is not told", () => {
  const takeBack = leaveNotice(SESSION, "c1", { text: "Booked.", onTold: () => {} });
  takeBack();
  expect(asked(SESSION, "r1")).toEqual([]);
});

test("an event turn that the gateway runs apart has the session's notices", () => {
  const onTold = vi.fn();
  leaveNotice(SESSION, "c1", { text: "Booked.", onTold });
  expect(asked(`${SESSION}:heartbeat`, "r1")).toEqual(["Booked."]);
  turnEnded(`${SESSION}:heartbeat`, "r1", true);
  expect(onTold).toHaveBeenCalledTimes(1);
  expect(phoneRuns().notices.size).toBe(0);
});

test.each([
  [
    "an answer",
    true,
    [{ role: "assistant", stopReason: "stop", content: [{ type: "text", text: "Booked." }] }],
    true,
  ],
  ["a failed run", false, [{ role: "assistant", content: "Booked." }], false],
  [
    "a failed model",
    true,
    [{ role: "assistant", stopReason: "error", errorMessage: "500", content: [] }],
    false,
  ],
  ["a broken-off answer", true, [{ role: "assistant", stopReason: "aborted", content: [] }], false],
  ["nothing to say", true, [{ role: "assistant", content: [{ type: "text", text: "HEARTBEAT_OK" }] }], false],
  ["silence", true, [{ role: "assistant", content: " NO_REPLY\n" }], false],
  [
    "an older failure",
    true,
    [
      { role: "assistant", stopReason: "error" },
      { role: "assistant", content: "Booked." },
    ],
    true,
  ],
  ["no message", true, [{ role: "user", content: "hello" }, null, "odd"], true],
])("a turn that ended with %s has told what it had: %s", (_what, success, messages, isWell) => {
  expect(endedWell({ success, messages })).toBe(isWell);
});
