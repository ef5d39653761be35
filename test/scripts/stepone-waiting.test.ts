// Proves what the StepOne commands do over time and at a terminal, without the time and the terminal: the retries, the
// countdown, waiting for several records, and what is asked before a call.
import path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StepOneRest } from "../../plugin/carriers/stepone/rest.ts";
import type { CommandContext } from "../../plugin/command-line/run.ts";
import { defineCallinfoCommand } from "../../plugin/command-line/stepone-callinfo.ts";
import { defineCalloutCommand } from "../../plugin/command-line/stepone-callout.ts";
import { defineStepOneCommand } from "../../plugin/command-line/stepone-command.ts";
import type { StepOneSurroundings } from "../../plugin/command-line/stepone-line.ts";
import { loadConfig } from "../../plugin/config/loader.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { searchCalls } from "../../plugin/store/calls.ts";
import { listDoNotCall } from "../../plugin/store/do-not-call.ts";
import { PhoneRunner } from "./run-phone.ts";

const RECORD = "/api/v1/callinfo/search_callinfo";
const NUMBER = "13800138000";
const GOOD = "通知张总明天上午9点在三楼会议室开会";

let service: StepOnePractice;
let folder: PhoneRunner;

beforeEach(async () => {
  service = await startStepOnePractice({
    timings: { ringMs: 1, lineMs: 1, recordDelayMs: Number.POSITIVE_INFINITY },
    newId: (count) => `call-${count}`,
  });
  folder = new PhoneRunner();
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
  folder.remove();
});

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
  /** Milliseconds. */
  readonly waits: readonly number[];
  readonly questions: readonly string[];
}

async function run(
  define: (command: Command, context: CommandContext, surroundings: StepOneSurroundings) => void,
  args: readonly string[],
  given: {
    readonly isWatched?: boolean;
    /** There is somebody at the terminal, who answers this. */
    readonly answers?: readonly (string | undefined)[];
    readonly onWait?: (count: number) => void;
    /** Stops the command at this wait. */
    readonly stopAtWait?: number;
    /** Stops the command when it opens the service, when it asks, or when its request for calls has arrived. */
    readonly stopAt?: "open" | "question" | "placing";
  } = {},
): Promise<Ran> {
  const ran = { stdout: "", stderr: "", code: 0, waits: [] as number[], questions: [] as string[] };
  const answers = [...(given.answers ?? [])];
  const places = {
    env: {},
    stateFolder: folder.stateFolder,
    configFile: path.join(folder.stateFolder, "openclaw.json"),
  };
  const context: CommandContext = {
    places: () => places,
    settings: async () => ({ ...loadConfig(places), stateFolder: folder.stateFolder }),
    print: (text) => {
      ran.stdout += text;
    },
    complain: (text) => {
      ran.stderr += text;
    },
    ask: async (question, signal) => {
      ran.questions.push(question);
      if (given.stopAt === "question") {
        stop(143);
        return signal?.aborted ? undefined : "y";
      }
      return answers.shift();
    },
    setExitCode: (code) => {
      ran.code = code;
    },
  };
  let stop = (_exitCode: number) => {};
  const surroundings: StepOneSurroundings = {
    open: async () => {
      if (given.stopAt === "open") stop(130);
      return new StepOneRest({
        baseUrl: service.url,
        apiKey: service.key,
        retry: { times: 0, firstDelayMs: 1 },
        fetch: async (url, request) => {
          const answer = fetch(url, request);
          if (given.stopAt === "placing" && url.endsWith("/initiate_call")) stop(143);
          return await answer;
        },
      });
    },
    wait: async (milliseconds, signal) => {
      ran.waits.push(milliseconds);
      given.onWait?.(ran.waits.length);
      if (given.stopAtWait === ran.waits.length) stop(130);
      signal.throwIfAborted();
    },
    isWatched: given.isWatched ?? false,
    canAsk: given.answers !== undefined,
    write: () => {},
    onStop: (wanted) => {
      stop = wanted;
      return () => {};
    },
  };
  const command = new Command("test");
  define(command, context, surroundings);
  await command.parseAsync(args, { from: "user" });
  return ran;
}

const callinfo = (args: readonly string[], given?: Parameters<typeof run>[2]) =>
  run(defineCallinfoCommand, args, given);
const callout = (args: readonly string[], given?: Parameters<typeof run>[2]) =>
  run(defineCalloutCommand, args, given);
const stepone = (args: readonly string[], given?: Parameters<typeof run>[2]) =>
  run(defineStepOneCommand, args, given);
const asked = () => service.requests.filter(({ path }) => path === RECORD).length;

/** A call whose record can be made to appear. */
async function place(): Promise<void> {
  await callout([NUMBER, GOOD]);
  await service.until(() => service.calls[0]?.endedAt, "the end of the call");
}
function appear(): void {
  for (const call of service.calls) call.recorded = true;
}

describe("callinfo", () => {
  test("asks again every 10 s, 5 times, and then says what to do", async () => {
    await place();
    const { code, stderr, waits } = await callinfo(["call-1"]);
    expect(waits).toEqual([10_000, 10_000, 10_000, 10_000, 10_000]);
    expect(asked()).toBe(6);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "The record is not there yet: asking again every 10 s, at most 5 times.\nStepOne has no record of call-1 yet (asked 6 times): it appears some time after the call's end; ask again later with callinfo, or listen with stream_chat.\n",
    );
  });

  test("as often as it is told, and no longer than it takes", async () => {
    await place();
    expect((await callinfo(["call-1", "2"])).waits).toHaveLength(2);
    const { code, waits, stdout } = await callinfo(["call-1"], {
      onWait: (count) => count === 3 && appear(),
    });
    expect([code, waits.length]).toEqual([0, 3]);
    expect(stdout).toMatch(/^Call: call-1\n/);
  });

  test("a terminal sees every second of it, on one line that is gone in the end", async () => {
    await place();
    const { stderr, waits } = await callinfo(["call-1"], {
      isWatched: true,
      onWait: (count) => count === 20 && appear(),
    });
    expect(waits).toEqual(Array.from({ length: 20 }, () => 1_000));
    const shown = stderr.split("\r\u001b[K").filter((line) => line !== "");
    expect(shown[0]).toBe("The record is not there yet: asking again in 10 s (1 of 5) ");
    expect(shown[9]).toBe("The record is not there yet: asking again in 1 s (1 of 5) ");
    expect(shown[10]).toBe("The record is not there yet: asking again in 10 s (2 of 5) ");
    expect(stderr.endsWith("\r\u001b[K")).toBe(true);
    expect(stderr).not.toContain("\n");
  });

  test("Ctrl-C in the countdown stops it without a word, the line gone", async () => {
    await place();
    const { code, stderr } = await callinfo(["call-1"], { isWatched: true, stopAtWait: 4 });
    expect(code).toBe(130);
    expect(stderr.endsWith("\r\u001b[K")).toBe(true);
    expect(asked()).toBe(1);
  });

  test("a call the service does not know yet is asked for again, a wrong key is not", async () => {
    await place();
    service.faults.routes.push({ path: RECORD, kind: "status", status: 404, times: 1 });
    expect((await callinfo(["call-1"], { onWait: appear })).code).toBe(0);
    service.faults.refuseKey = true;
    const { code, stderr, waits } = await callinfo(["call-1"]);
    expect([code, waits]).toEqual([1, []]);
    expect(stderr).toMatch(/^StepOne does not accept the key/);
  });

  test("trouble of the service is waited out only once it was reached", async () => {
    await place();
    service.faults.routes.push({ path: RECORD, kind: "status", status: 500, times: 1 });
    expect((await callinfo(["call-1"])).waits).toEqual([]);
    const trouble = (count: number) => {
      if (count === 1) service.faults.routes.push({ path: RECORD, kind: "drop", times: 1 });
      if (count === 2) appear();
    };
    expect(await callinfo(["call-1"], { onWait: trouble })).toMatchObject({
      code: 0,
      waits: [10_000, 10_000],
    });
  });
});

describe("callout --wait", () => {
  test("waits for all records, tells how many are missing, and prints them in order", async () => {
    const onWait = (count: number) => {
      const call = service.calls[2 - count];
      if (call !== undefined) call.recorded = true;
    };
    const { code, stdout, stderr } = await callout([`${NUMBER},13900139000`, GOOD, "--wait"], { onWait });
    expect(code).toBe(0);
    expect(stderr).toBe(
      "2 of 2 records are not there yet: asking again every 10 s, at most 180 times.\n1 of 2 records are not there yet: asking again every 10 s, at most 179 times.\n",
    );
    expect([...stdout.matchAll(/^(?:Call: )?call-\d$/gm)].map(([line]) => line)).toEqual([
      "call-1",
      "call-2",
      "Call: call-1",
      "Call: call-2",
    ]);
  });

  test("gives up after half an hour, the ids not lost", async () => {
    const { code, stdout, waits } = await callout([NUMBER, GOOD, "--wait", "--json"]);
    expect([code, waits.length]).toEqual([1, 180]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { name: "NotRecorded" },
      callIds: ["call-1"],
      calls: [],
    });
  });

  test("stopped while it waits, the ids are not lost", async () => {
    const { code, stdout, stderr } = await callout([NUMBER, GOOD, "--wait", "--json"], { stopAtWait: 2 });
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { name: "Stopped" }, callIds: ["call-1"] });
    expect(stderr).toMatch(/\nStopped waiting for the records: ask for them with callinfo\.\n$/);
    expect((await callout([NUMBER, GOOD, "--wait"], { stopAtWait: 1 })).stdout).toBe("call-2\n");
  });

  test("refused while it waits, the ids are not lost", async () => {
    const onWait = () => {
      service.faults.refuseKey = true;
    };
    const { code, stdout } = await callout([NUMBER, GOOD, "--wait", "--json"], { onWait });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { name: "CarrierRefused" }, callIds: ["call-1"] });
  });

  test("fewer ids than numbers are noted", async () => {
    service.answerShape = "provider_call_id";
    const { stdout, stderr } = await callout([`${NUMBER},13900139000`, GOOD]);
    expect(stdout).toBe("call-1\n");
    expect(stderr).toBe("Note: StepOne gave 1 call ids for 2 numbers: see its page for the others.\n");
  });
});

describe("stopped", () => {
  const REQUEST = JSON.stringify({ phones: NUMBER, user_requirement: GOOD });

  test("before the calls are placed, nothing is placed and nothing said", async () => {
    const nothing = { code: 130, stdout: "", stderr: "" };
    expect(await callout([NUMBER, GOOD], { stopAt: "open" })).toMatchObject(nothing);
    expect(await stepone(["call", REQUEST], { stopAt: "open" })).toMatchObject(nothing);
    expect(service.requests).toEqual([]);
  });

  test("at the question, it places nothing", async () => {
    const given = { answers: [], stopAt: "question" } as const;
    expect(await callout([NUMBER, "通知张总明天开会"], given)).toMatchObject({ code: 143, stdout: "" });
    expect(service.requests).toEqual([]);
  });

  test("while they are placed, the ids are told all the same", async () => {
    expect(await callout([NUMBER, GOOD], { stopAt: "placing" })).toMatchObject({
      code: 143,
      stdout: "call-1\n",
    });
  });

  test("while they are placed and nobody knows whether they were: that is said", async () => {
    const given = { stopAt: "placing" } as const;
    for (const work of [() => callout([NUMBER, GOOD], given), () => stepone(["call", REQUEST], given)]) {
      service.faults.routes.push({ path: "/api/v1/callinfo/initiate_call", kind: "drop", times: 1 });
      const { code, stdout, stderr } = await work();
      expect([code, stdout]).toEqual([143, ""]);
      expect(stderr).toMatch(
        /^StepOne at \S+ could not be reached .* It may have called all the same: look at /,
      );
    }
  });
});

describe("at a terminal", () => {
  const NAMELESS = "通知您明天上午9点在公司开会";

  test("the name is asked for, and the identity check added", async () => {
    const { code, questions } = await callout([NUMBER, NAMELESS], { answers: [" 张总 "] });
    expect([code, questions.length]).toEqual([0, 1]);
    expect(service.calls[0]?.requirement).toMatch(
      new RegExp(`^通话开始先确认对方身份：称呼“张总”.*\n${NAMELESS}$`),
    );
  });

  test("Enter goes on without, Ctrl-C places nothing", async () => {
    await callout([NUMBER, NAMELESS], { answers: [""] });
    expect(service.calls[0]?.requirement).toBe(NAMELESS);
    const { code, stderr } = await callout([NUMBER, NAMELESS], { answers: [undefined] });
    expect([code, stderr.endsWith("Nothing was placed.\n")]).toEqual([1, true]);
    expect(service.calls).toHaveLength(1);
  });

  test.each(["n", " No ", "否", "不"])("%j is no name: nothing is placed", async (answer) => {
    const { code, stderr } = await callout([NUMBER, NAMELESS], { answers: [answer] });
    expect([code, stderr.endsWith("Nothing was placed.\n")]).toEqual([1, true]);
    expect(service.requests).toEqual([]);
  });

  test.each([
    ["", 1],
    ["y", 1],
    ["好", 1],
    ["n", 0],
    ["否", 0],
    [undefined, 0],
  ])("a missing place is asked about: %j", async (answer, calls) => {
    const { code, questions } = await callout([NUMBER, "通知张总明天开会"], { answers: [answer] });
    expect(questions).toEqual(["Call all the same? (Y/n) "]);
    expect([code, service.calls.length]).toEqual([1 - calls, calls]);
  });

  test("several people have no name in common: only whether to call is asked", async () => {
    const { questions } = await callout([`${NUMBER},13900139000`, NAMELESS], { answers: ["y"] });
    expect(questions).toEqual(["Call all the same? (Y/n) "]);
  });

  test("--yes asks nothing, and a good requirement is never asked about", async () => {
    expect((await callout([NUMBER, NAMELESS, "--yes"], { answers: [] })).questions).toEqual([]);
    expect(await callout([NUMBER, GOOD], { answers: [] })).toMatchObject({ questions: [], stderr: "" });
  });
});

describe("who asks on a call not to be called again", () => {
  const heard = () =>
    folder.inStore(async (store) =>
      (await listDoNotCall(store)).map((entry) => [entry.number, entry.source]),
    );

  beforeEach(() => {
    service.callees.set(NUMBER, {
      does: "talk",
      lines: [
        { role: "assistant", content: "别再打电话给我了，这是您说的吗？" },
        { role: "user", content: "别再打来了" },
      ],
    });
  });

  test("is on the list once the record is shown, and is not called again", async () => {
    await place();
    appear();
    const { stderr } = await callinfo(["call-1"]);
    expect(stderr).toBe(
      "Note: +8613800138000 asked not to be called again, and is on the do-not-call list now. If they may be called: phone do-not-call remove +8613800138000\n",
    );
    expect(await heard()).toEqual([["+8613800138000", "call"]]);
    expect((await callinfo(["call-1"])).stderr, "said once").toBe("");
    expect(await callout([NUMBER, GOOD])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/somebody there asked for it/),
    });
    expect(service.calls).toHaveLength(1);
  });

  test("or when callout waited for it, which writes down how the call ended", async () => {
    const { code, stderr } = await callout([NUMBER, GOOD, "--wait"], {
      onWait: () => service.calls.every(({ endedAt }) => endedAt !== undefined) && appear(),
    });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^.*Note: \+8613800138000 asked/s)]);
    expect(await heard()).toEqual([["+8613800138000", "call"]]);
    expect(await folder.inStore((store) => searchCalls(store, { limit: 9 }))).toMatchObject([
      { state: "ended", callee: "+8613800138000", transcript: [{ speaker: "agent" }, { speaker: "other" }] },
    ]);
  });

  test("or when the conversation was followed; what the AI says counts for nothing", async () => {
    await place();
    expect((await stepone(["stream", "call-1"])).stderr).toMatch(/^Note: \+8613800138000 asked/);
    service.callees.set("13900139000", {
      does: "talk",
      lines: [{ role: "assistant", content: "别再打来了" }],
    });
    await callout(["13900139000", GOOD]);
    expect((await stepone(["stream", "call-2"])).stderr).toBe("");
    expect(await heard()).toHaveLength(1);
  });
});
