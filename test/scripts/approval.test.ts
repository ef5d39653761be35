import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import type { ApprovalDecision } from "../../plugin/practice/clawdtalk-wire.ts";
import { findApprovalsById, type KnownApproval } from "../../plugin/store/approvals.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { approvalHeard } from "../../plugin/trust/approvals.ts";
import { type Finished, ScriptRunner } from "./run-script.ts";

const isWindows = process.platform === "win32";
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let service: ClawdTalkPractice;
let runner: ScriptRunner;

beforeEach(async () => {
  service = await startClawdTalkPractice();
  runner = new ScriptRunner({ isBuilt: true });
  runner.write(".env", `CLAWDTALK_API_KEY=${service.key}\nCLAWDTALK_SERVER=${service.url}\n`);
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
  runner.remove();
});

const approval = (...args: string[]) => runner.run("approval", args);

async function inStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(runner.stateFolder);
  try {
    return await work(store);
  } finally {
    await closeStore(store);
  }
}

const stored = (id: string): Promise<KnownApproval | undefined> =>
  inStore(async (store) => (await findApprovalsById(store, id))[0]);

/** The id in what was printed. */
const idIn = ({ stdout }: Finished): string => /^Id: (\S+)$/m.exec(stdout)?.[1] ?? "";

async function press(decision: ApprovalDecision): Promise<string> {
  const { request_id } = await service.nextApproval();
  service.pressApproval(request_id, decision);
  return request_id;
}

describe("request", () => {
  test.each([
    ["approved", 0, /^approved\nApproved: do it now/],
    ["denied", 1, /^denied\nDenied: do not do it/],
    ["timeout", 1, /^timeout\nNobody answered in time: do not do it/],
    ["expired", 1, /^expired\n.*do not do it/],
  ] as const)("%s: exit code %i", async (decision, exitCode, said) => {
    const waiting = approval(
      "request",
      "删除 “test-repo”",
      "--details",
      "全部\n👨‍👩‍👧‍👦 $HOME %PATH%",
      "--biometric",
      "--timeout",
      "60",
    );
    await press(decision);
    const finished = await waiting;
    const id = idIn(finished);
    expect(finished).toMatchObject({
      code: exitCode,
      stdout: expect.stringMatching(said),
      stderr: `Asked on 1 phone, waiting up to 60 s. Id: ${id}\n`,
    });
    expect(service.rest[0]?.body).toEqual({
      action: "删除 “test-repo”",
      details: "全部\n👨‍👩‍👧‍👦 $HOME %PATH%",
      require_biometric: true,
      expires_in: 60,
    });
    expect(await stored(id)).toMatchObject({ status: decision });
  });

  test.each([
    ["no_devices", 0, 0],
    ["no_devices_reached", 2, 2],
  ])("%s at once: exit code 1", async (decision, registered, failing) => {
    Object.assign(service.devices, { registered, failing });
    const { code, stdout, stderr } = await approval("request", "Post");
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n")[0]).toBe(decision);
    expect(service.rest).toHaveLength(1);
    expect(service.rest[0]?.body).toEqual({ action: "Post", require_biometric: false, expires_in: 300 });
  });

  test("expires by itself", async () => {
    expect(await approval("request", "Post", "--timeout", "1")).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^expired\n/),
    });
  });

  test("for five minutes unless the settings or the command say another time", async () => {
    Object.assign(service.devices, { registered: 0 });
    await approval("request", "Post");
    await approval("request", "Post", "--timeout", "45");
    runner.write(
      "openclaw.json",
      JSON.stringify({
        plugins: { entries: { switchboard: { config: { approvals: { timeoutSeconds: 60 } } } } },
      }),
    );
    await approval("request", "Post");
    expect(service.rest.map(({ body }) => (body as { expires_in?: number } | undefined)?.expires_in)).toEqual(
      [300, 45, 60],
    );
  });

  test.each([
    [
      "refused",
      { kind: "status", status: 401 },
      /^ClawdTalk does not accept the key cc_live_…0000: make a new one/,
    ],
    [
      "lost",
      { kind: "drop_after_processing" },
      /may be on your phone all the same; an answer to it counts for nothing\.$/,
    ],
  ] as const)("%s: an error, one sentence, exit code 1", async (_name, fault, sentence) => {
    service.faults.rest = [{ path: "/v1/approvals", times: 9, ...fault }];
    const { code, stdout, stderr } = await approval("request", "Post");
    expect([code, stdout.split("\n")[0]]).toEqual([1, "error"]);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(service.rest).toHaveLength(1);
  });

  test("for programs", async () => {
    const waiting = approval("request", "Post", "--json");
    await press("approved");
    expect(JSON.parse((await waiting).stdout)).toEqual({
      ok: true,
      approval: { id: expect.any(String), line: "clawdtalk", action: "Post", status: "approved" },
    });
    service.faults.rest = [{ path: "/v1/approvals", kind: "status", status: 500, times: 1 }];
    const failed = await approval("request", "Post", "--json");
    expect([failed.code, JSON.parse(failed.stdout)]).toEqual([
      1,
      {
        ok: false,
        approval: { id: expect.any(String), line: "clawdtalk", action: "Post", status: "error" },
        problem: expect.stringMatching(/trouble of its own \(500\)/),
      },
    ]);
  });

  test("two at once, each with its own answer", async () => {
    const one = approval("request", "one");
    const first = await service.nextApproval();
    const two = approval("request", "two");
    const second = await service.nextApproval();
    service.pressApproval(second.request_id, "approved");
    service.pressApproval(first.request_id, "denied");
    expect([(await one).code, (await two).code]).toEqual([1, 0]);
    expect([(await one).stdout.split("\n")[0], (await two).stdout.split("\n")[0]]).toEqual([
      "denied",
      "approved",
    ]);
  });

  test("an answer that the running phone hears counts, while the service cannot be asked", async () => {
    service.faults.rest = [{ method: "GET", path: /approvals\//, kind: "status", status: 503, times: 999 }];
    const waiting = approval("request", "Post");
    const { request_id: requestId } = await service.nextApproval();
    await inStore(async (store) => {
      await expect.poll(async () => (await findApprovalsById(store, requestId)).length).toBe(1);
      await approvalHeard({ line: "clawdtalk", requestId, decision: "approved" }, { store, log: silent });
    });
    expect(await waiting).toMatchObject({ code: 0, stdout: expect.stringMatching(/^approved\n/) });
  });
});

describe("not waiting", () => {
  test("the answer is shown by status: by our id, its beginning, and the service's", async () => {
    const asked = await approval("request", "Post", "--no-wait");
    const id = idIn(asked);
    expect(asked).toMatchObject({
      code: 1,
      stdout: `pending\nNot answered yet: do not do it before it is approved.\nId: ${id}\n`,
      stderr: "",
    });
    expect(await approval("status", id)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^pending\n/),
    });
    const requestId = await press("approved");
    for (const written of [id, id.slice(0, 8), requestId]) {
      expect(await approval("status", written)).toMatchObject({
        code: 0,
        stdout: `approved\nApproved: do it now, and say when it is done.\nId: ${id}\n`,
        stderr: "",
      });
    }
    expect(await stored(id)).toMatchObject({ status: "approved", decidedBy: "carrier" });
    // Asked while it was open, and once more to hear of the answer.
    expect(service.rest.filter(({ method }) => method === "GET")).toHaveLength(2);
  });

  test.each([403, 503])("the service cannot be asked (%i): still open, and why", async (status) => {
    const id = idIn(await approval("request", "Post", "--no-wait"));
    await press("approved");
    service.faults.rest = [{ method: "GET", path: /approvals/, kind: "status", status, times: 3 }];
    const { code, stdout, stderr } = await approval("status", id);
    expect([code, stdout.split("\n")[0]]).toEqual([1, "pending"]);
    expect(stderr).toMatch(/^ClawdTalk (does not allow this|has trouble of its own)/);
    service.behave();
    expect((await approval("status", id)).code).toBe(0);
  });

  test("one that was not asked from here", async () => {
    const headers = { authorization: `Bearer ${service.key}`, "content-type": "application/json" };
    const body = JSON.stringify({ action: "Other", require_biometric: false, expires_in: 60 });
    await fetch(`${service.apiUrl}/approvals`, { method: "POST", headers, body });
    const { request_id } = await service.nextApproval();
    expect(await approval("status", request_id)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^pending\n/),
    });
    service.pressApproval(request_id, "denied");
    const { code, stdout } = await approval("status", request_id, "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { ok: true, approval: { id: request_id, status: "denied" } },
    ]);
    expect(await approval("status", "nobody's")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^ClawdTalk does not know this: check the id\./),
    });
  });
});

describe("stopped", () => {
  const isAsked = () => service.rest.some(({ method }) => method === "GET");

  test("killed while it waits: its answer is found later, and nothing was asked again", async () => {
    const killed = await runner.run("approval", ["request", "Post"], { killWhen: isAsked });
    const id = /Id: (\S+)/.exec(killed.stderr)?.[1] ?? "";
    expect([killed.code, killed.stdout]).toEqual([null, ""]);
    expect(await stored(id)).toMatchObject({ status: "pending" });
    await press("approved");
    expect(await approval("status", id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^approved\n/),
    });
    expect(service.approvals).toHaveLength(1);
  });

  test("killed while it asks: nobody's answer counts for it", async () => {
    service.faults.rest = [{ path: "/v1/approvals", kind: "timeout", times: 1 }];
    await runner.run("approval", ["request", "Post"], { killWhen: () => service.rest.length > 0 });
    const [known] = await inStore((store) => store.db.selectFrom("approvals").selectAll().execute());
    expect(known).toMatchObject({ status: "pending", carrier_request_id: null });
    expect(await approval("status", known?.id ?? "")).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^pending\n/),
    });
  });

  test.skipIf(isWindows).each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s: the question stays, and how to see its answer", async (killSignal, exitCode) => {
    let isStopped = false;
    const once = () => {
      const isFirst = !isStopped;
      isStopped = isAsked();
      return isFirst && isStopped;
    };
    const { code, stdout, stderr } = await runner.run("approval", ["request", "Post"], {
      killWhen: once,
      killSignal,
    });
    const id = /Id: (\S+)/.exec(stderr)?.[1] ?? "";
    expect([code, stdout]).toEqual([exitCode, ""]);
    expect(stderr.split("\n")[1]).toBe(
      `Stopped waiting; the question stays on the phone. To see its answer: approval status ${id}`,
    );
    await press("approved");
    expect((await approval("status", id)).code).toBe(0);
  });
});

describe("list", () => {
  test("what is open, unless it is said, everybody's words on one line", async () => {
    expect(await approval("list")).toMatchObject({ code: 0, stdout: "No approval is pending.\n" });
    const one = idIn(await approval("request", "Post \u202e“贴文”", "--no-wait"));
    await press("denied");
    const two = idIn(await approval("request", "Send \\u0007", "--no-wait"));
    const lines = async (...args: string[]) =>
      (await approval("list", ...args)).stdout.split("\n").map((line) => line.replace(/^\S+Z {2}/, ""));
    expect(await lines()).toEqual([`pending  "Send \\\\u0007"  ${two}`, ""]);
    expect(await lines("denied")).toEqual([`denied  "Post  “贴文”"  ${one}`, ""]);
    expect(await lines("approved")).toEqual(["No approval is approved.", ""]);
    expect(JSON.parse((await approval("list", "denied", "--json")).stdout)).toEqual({
      ok: true,
      approvals: [
        { id: one, action: "Post  “贴文”", status: "denied", expiresAt: expect.stringMatching(/Z$/) },
      ],
    });
  });

  test("errors, which only we know", async () => {
    service.faults.rest = [{ path: "/v1/approvals", kind: "status", status: 500, times: 1 }];
    const id = idIn(await approval("request", "Post"));
    expect((await approval("list", "error")).stdout).toMatch(new RegExp(`Z {2}error {2}"Post" {2}${id}\n$`));
    expect(service.rest).toHaveLength(1);
  });
});

test.each([
  [["request"], /missing required argument 'action'/],
  [["request", " "], /The action is empty/],
  [["request", "two\nlines"], /must be a single line/],
  [["request", "two", "words"], /too many arguments/],
  [["request", "Post", "--timeout", "0"], /whole number from 1 to 3600/],
  [["request", "Post", "--timeout", "soon"], /whole number from 1 to 3600/],
  [["status"], /missing required argument 'id'/],
  [["status", ""], /The id is empty/],
  [["list", "open"], /Allowed choices are pending, approved/],
  [["ask"], /unknown command 'ask'/],
  [[], /Usage: approval/],
])("%j is not understood: exit code 2, and nobody is asked", async (args, message) => {
  const { code, stdout, stderr } = await approval(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(service.rest).toEqual([]);
});

test("only lines that can ask", async () => {
  runner.write(".env", "CLAWCALL_API_KEY=12345678-0000-4000-8000-00000000abcd\n");
  expect(await approval("request", "Post")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^This works on lines of ClawdTalk alone, and none is set up/),
  });
});

test("help says the exit codes", async () => {
  const { code, stdout } = await approval("--help");
  expect(code).toBe(0);
  expect(stdout).toContain("Exit codes: 0 approved, 1 anything else (do not do it), 2 not understood.");
});
