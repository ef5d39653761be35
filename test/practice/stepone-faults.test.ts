// Proves the faults of the StepOne practice line that are not about a stream's own bytes, as a client meets them.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CUT_STREAM_BYTES, type StepOneRouteFault } from "../../plugin/practice/stepone-faults.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { rulesBroken, StepOneClient, TALKS, ZHANG } from "./stepone-client.ts";

let server: StepOnePractice;
let client: StepOneClient;

beforeEach(async () => {
  server = await startStepOnePractice({ callees: { [ZHANG]: TALKS } });
  client = new StepOneClient(server);
});
afterEach(() => server.close());

const INITIATE = "/api/v1/callinfo/initiate_call";
const SEARCH = "/api/v1/callinfo/search_callinfo";
const STREAM = "/api/v1/callinfo/stream_chat_history";

describe("refusing", () => {
  it("refuses a good key as long as told to", async () => {
    server.faults.refuseKey = true;
    expect((await client.initiate()).status).toBe(401);
    expect((await client.stream("a")).status).toBe(401);
    server.behave();
    expect((await client.initiate()).status).toBe(200);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("wants another skill version", async () => {
    server.faults.newVersion = { version: "1.2.0" };
    expect(await client.initiate()).toMatchObject({ status: 426, body: { skill_version: "1.2.0" } });
    expect((await client.send("GET", "skill_version")).status).toBe(426);
    expect((await client.stream("a")).status).toBe(426);
    client.headers["x-skill-version"] = "1.2.0";
    expect((await client.send("GET", "skill_version")).body).toEqual({ skill_version: "1.2.0" });
    expect((await client.initiate()).status).toBe(200);
  });

  it("wants another one without saying which, and says it when asked", async () => {
    server.faults.newVersion = { version: "1.2.0", named: false, askable: true };
    const { status, body } = await client.initiate();
    expect(status).toBe(426);
    expect(JSON.stringify(body)).not.toContain("1.2.0");
    expect(await client.send("GET", "skill_version")).toEqual({
      status: 200,
      body: { skill_version: "1.2.0" },
    });
  });

  it("refuses calls with any message, or none", async () => {
    const message = '余额不足："请充值"\n😀';
    server.faults.refuseCalls = { message };
    expect(await client.initiate()).toEqual({ status: 200, body: { success: false, message } });
    server.faults.refuseCalls = {};
    expect(await client.initiate()).toEqual({ status: 200, body: { success: false } });
    expect(server.calls).toEqual([]);
  });
});

describe("a route", () => {
  it("answers a status as often as told, without carrying it out", async () => {
    server.faults.routes = [{ path: INITIATE, method: "POST", kind: "status", status: 503, times: 2 }];
    expect(await client.initiate()).toMatchObject({ status: 503, body: { success: false } });
    expect((await client.send("GET", "skill_version")).status).toBe(200);
    expect((await client.initiate()).status).toBe(503);
    expect(server.calls).toEqual([]);
    expect((await client.initiate()).status).toBe(200);
    server.faults.routes = [{ path: /stream/, kind: "status", times: 1 }];
    expect((await client.stream(server.calls[0]?.id ?? "")).status).toBe(500);
  });

  it("answers garbage", async () => {
    server.faults.routes = [{ path: INITIATE, kind: "garbage", times: 1 }];
    await expect(client.initiate()).rejects.toThrow(SyntaxError);
    expect(server.calls).toEqual([]);
  });

  it("never answers", async () => {
    server.faults.routes = [{ path: SEARCH, kind: "hang", times: 1 }];
    await expect(client.post("search_callinfo", { call_id: "a" }, AbortSignal.timeout(40))).rejects.toThrow(
      "timeout",
    );
    expect((await client.info("a")).status).toBe(404);
  });

  it.each(["drop", "cut"] satisfies StepOneRouteFault["kind"][])(
    "places the call and then breaks the connection (%s)",
    async (kind) => {
      server.faults.routes = [{ path: INITIATE, kind, times: 1 }];
      await expect(client.initiate()).rejects.toThrow();
      expect(server.calls).toHaveLength(1);
      expect(server.requests.map(({ status }) => status)).toEqual([undefined]);
    },
  );

  it("breaks a stream before it began, or soon after", async () => {
    const id = await client.call();
    const call = await server.nextCall();
    await server.until(() => call.end, "the end of the call");
    server.faults.routes = [{ path: STREAM, kind: "drop", times: 1 }];
    await expect(client.stream(id)).rejects.toThrow();
    expect(server.streams).toEqual([]);
    server.faults.routes = [{ path: STREAM, kind: "cut", times: 1 }];
    const { chunks, whole } = await client.stream(id);
    expect(Buffer.concat(chunks)).toHaveLength(CUT_STREAM_BYTES);
    expect(whole).toBe(false);
    expect((await client.stream(id)).whole).toBe(true);
  });

  it("answers late", async () => {
    server.faults.latencyMs = 80;
    const asked = Date.now();
    expect((await client.initiate()).status).toBe(200);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(79);
  });
});
