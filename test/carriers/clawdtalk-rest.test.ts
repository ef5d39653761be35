import type { RequestListener } from "node:http";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { answering, errorOf, fast, serveAt } from "./told-service.ts";

describe("with the practice line", () => {
  let service: ClawdTalkPractice;
  let rest: ClawdTalkRest;

  beforeEach(async () => {
    service = await startClawdTalkPractice({ dedicatedNumber: "+15550008888" });
    rest = new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: service.key, version: "1.2.3", ...fast });
  });

  afterEach(async () => {
    expect(service.violations).toEqual([]);
    await service.close();
  });

  test("the account", async () => {
    expect(await rest.me()).toEqual({
      phone: "+15550001111",
      phoneVerified: true,
      tier: "pro",
      systemNumber: "+15550009999",
      dedicatedNumber: "+15550008888",
    });
    expect(service.rest[0]?.headers["x-client-version"]).toBe("1.2.3");
  });

  test("a call: placed, shown, ended", async () => {
    const placed = await rest.placeCall({ to: "+15550002222", greeting: "您好！", purpose: "订位 “8 点”" });
    expect(placed).toMatchObject({ direction: "outbound", status: "initiating" });
    expect(service.rest[0]).toMatchObject({
      path: "/v1/calls",
      body: { to: "+15550002222", greeting: "您好！", context: { purpose: "订位 “8 点”" } },
      status: 202,
    });
    expect(await rest.getCall(placed.callId)).toMatchObject({ callId: placed.callId, direction: "outbound" });
    expect((await rest.endCall(placed.callId, "user_ended")).status).toBe("ending");
    expect(service.rest.at(-1)?.body).toEqual({ reason: "user_ended" });
  });

  test("a call to the owner names no number and no empty field", async () => {
    await rest.placeCall({ greeting: "", purpose: "" });
    expect(service.rest[0]?.body).toEqual({});
  });

  test("texts: sent whole, listed by number, direction and page", async () => {
    const body = "喂 👨‍👩‍👧‍👦 e\u0301 “quoted”\nline \u0000 two";
    const sent = await rest.sendText({ to: "+15550002222", body, mediaUrls: ["https://a.example/p.png"] });
    await rest.sendText({ to: "+15550003333", body: "other", mediaUrls: [] });
    expect(service.messages[0]).toMatchObject({
      id: sent.messageId,
      body,
      media_urls: ["https://a.example/p.png"],
    });
    const { texts, pages, total } = await rest.listTexts({ contact: "+15550002222", direction: "outbound" });
    expect([pages, total]).toEqual([1, 1]);
    expect(texts).toEqual([
      {
        messageId: sent.messageId,
        direction: "outbound",
        from: "+15550008888",
        to: "+15550002222",
        body,
        status: "queued",
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect(service.rest.at(-1)?.query).toEqual({
      limit: "20",
      contact: "+15550002222",
      direction: "outbound",
    });
    expect((await rest.listTexts({ limit: 1, page: 2 })).texts[0]?.body).toBe(body);
  });

  test("conversations", async () => {
    await rest.sendText({ to: "+15550002222", body: "Hi" });
    service.text({ from: "+15550003333", body: "你好" });
    expect(await rest.listConversations()).toEqual([
      { contact: "+15550003333", lastMessage: "你好", lastMessageAt: expect.any(String), unreadCount: 1 },
      { contact: "+15550002222", lastMessage: "Hi", lastMessageAt: expect.any(String), unreadCount: 0 },
    ]);
  });

  test("a wrong key is refused once, and never shown", async () => {
    const key = "cc_live_wrong_secret_0123456789";
    const error = await errorOf(new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: key, ...fast }).me());
    expect(error).toBeInstanceOf(CarrierRefused);
    expect(error).toMatchObject({ status: 401, code: "unauthorized", mayHaveHappened: false });
    expect(error.message).toMatch(/does not accept the key cc_live_…6789: make a new one at clawdtalk\.com/);
    expect(inspect(error, { depth: 10 })).not.toContain(key);
    expect(service.rest).toHaveLength(1);
    expect(service.rest.map(({ path }) => path).join()).not.toContain(key);
  });

  test.each([
    [402, /paid account with a dedicated number/, false],
    [403, /paid account with a dedicated number/, false],
    [404, /does not know this/, false],
    [409, /refused the request \(409\)\. It says: "The practice line was told to fail\."/, false],
    [429, /too many requests: try again in a minute/, false],
    [500, /trouble of its own \(500\).*may have been carried out/, true],
    [503, /trouble of its own \(503\)/, true],
  ])(
    "a POST that is answered %i is made once and says what to do",
    async (status, message, mayHaveHappened) => {
      service.faults.rest = [{ path: "/v1/calls", kind: "status", status, times: 5 }];
      const error = await errorOf(rest.placeCall({}));
      expect(error).toBeInstanceOf(CarrierRefused);
      expect(error).toMatchObject({ status, mayHaveHappened, code: "practice_fault" });
      expect(error.message).toMatch(message);
      expect(service.rest).toHaveLength(1);
    },
  );

  test("a call to others without a dedicated number", async () => {
    const other = await startClawdTalkPractice();
    const error = await errorOf(
      new ClawdTalkRest({ apiUrl: other.apiUrl, apiKey: other.key }).placeCall({ to: "+15550002222" }),
    );
    expect(error).toMatchObject({ status: 403, code: "dedicated_number_required", mayHaveHappened: false });
    await other.close();
  });

  test("a GET is tried again when the service stumbles, but not for ever", async () => {
    service.faults.rest = [{ path: "/v1/me", kind: "status", status: 502, times: 2 }];
    expect((await rest.me()).phone).toBe("+15550001111");
    expect(service.rest.map(({ status }) => status)).toEqual([502, 502, 200]);
    service.faults.rest = [{ path: "/v1/me", kind: "status", status: 502, times: 9 }];
    expect(await errorOf(rest.me())).toMatchObject({ status: 502, mayHaveHappened: false });
    expect(service.rest).toHaveLength(6);
  });

  test("a GET that is refused or asked to wait is not tried again", async () => {
    service.faults.rest = [{ path: "/v1/me", kind: "status", status: 429, times: 9 }];
    expect(await errorOf(rest.me())).toMatchObject({ status: 429 });
    expect(service.rest).toHaveLength(1);
  });

  test("a POST whose answer is lost was carried out, and is not made again", async () => {
    service.faults.rest = [{ path: "/v1/messages/send", kind: "drop_after_processing", times: 9 }];
    const error = await errorOf(rest.sendText({ to: "+15550002222", body: "Hi" }));
    expect(error).toBeInstanceOf(CarrierUnreachable);
    expect(error.mayHaveHappened).toBe(true);
    expect(error.message).toMatch(/may have been carried out all the same: look before trying again/);
    expect(service.messages).toHaveLength(1);
  });

  test("a POST that is never answered ends in time", async () => {
    service.faults.rest = [{ path: "/v1/calls", kind: "timeout", times: 1 }];
    const impatient = new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: service.key, timeoutMs: 100 });
    const error = await errorOf(impatient.placeCall({}));
    expect(error).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
    expect(error.message).toMatch(/did not answer within 0\.1 s/);
    expect(service.rest).toHaveLength(1);
  });
});

test("without a network nothing has happened", async () => {
  const service = await startClawdTalkPractice();
  const { apiUrl } = service;
  await service.close();
  for (const url of [apiUrl, "http://does-not-exist.invalid/v1"]) {
    const rest = new ClawdTalkRest({ apiUrl: url, apiKey: "cc_live_x", ...fast });
    for (const work of [() => rest.me(), () => rest.placeCall({})]) {
      const error = await errorOf(work());
      expect(error).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
      expect(error.message).toMatch(
        /could not be reached \((ECONNREFUSED|ENOTFOUND|EAI_AGAIN)\): check the network/,
      );
    }
  }
});

describe("with a service of another kind", () => {
  function serve(listener: RequestListener, use: (rest: ClawdTalkRest) => Promise<void>): Promise<void> {
    return serveAt(listener, (url) =>
      use(new ClawdTalkRest({ apiUrl: `${url}/v1/`, apiKey: "cc_live_0123456789abcdef", ...fast })),
    );
  }

  test("unknown fields, wrapped answers, other names for a text's body, missing pieces", async () => {
    await serve(answering(200, { data: { call_id: 7, status: null, extra: { a: 1 } } }), async (rest) => {
      expect(await rest.getCall("7")).toEqual({
        callId: "7",
        status: undefined,
        direction: undefined,
        startedAt: undefined,
        durationSeconds: undefined,
      });
    });
    await serve(
      answering(200, {
        messages: [
          { id: "1", text: "one", direction: "sideways" },
          { id: "2", message: "two" },
        ],
      }),
      async (rest) => {
        const { texts, pages, page } = await rest.listTexts();
        expect(texts.map(({ body, direction }) => [body, direction])).toEqual([
          ["one", undefined],
          ["two", undefined],
        ]);
        expect([page, pages]).toEqual([1, undefined]);
      },
    );
  });

  test.each([["<html>"], ["{"], [""], ['{"status":"fine"}'], ["[]"], ["null"]])(
    "an answer like %j cannot be understood",
    async (body) => {
      await serve(answering(200, body), async (rest) => {
        const placing = await errorOf(rest.placeCall({}));
        expect(placing).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: true });
        expect(placing.message).toMatch(/gave an answer that cannot be understood/);
        const reading = await errorOf(rest.listTexts());
        expect(reading).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
      });
    },
  );

  test.each([
    [{ error: { code: "c", message: "Said so" } }, '"Said so"', "c"],
    [{ message: "Said so" }, '"Said so"', undefined],
    [{ error: "Said so" }, '"Said so"', undefined],
    ["Said so", '"Said so"', undefined],
  ])("errors in the form %j", async (body, said, code) => {
    await serve(answering(418, body), async (rest) => {
      const error = await errorOf(rest.me());
      expect(error.message).toBe(`ClawdTalk refused the request (418). It says: ${said}`);
      expect(error).toMatchObject({ status: 418, code });
    });
  });

  test("a web page as an error is not repeated; a key in an error is taken out", async () => {
    await serve(answering(502, "<html>Bad gateway</html>"), async (rest) => {
      expect((await errorOf(rest.me())).message).not.toMatch(/html/);
    });
    await serve(answering(400, { message: "bad key cc_live_0123456789abcdef\u001b[2J" }), async (rest) => {
      const { message } = await errorOf(rest.me());
      expect(message).toMatch(/bad key/);
      expect(message).not.toContain("0123456789abcdef");
      expect(message).not.toContain("\u001b");
    });
  });

  test("how long to wait is told when the service says it", async () => {
    await serve(answering(429, "", { "retry-after": "17" }), async (rest) => {
      expect((await errorOf(rest.me())).message).toMatch(/try again in 17 s/);
    });
  });

  test("redirects are not followed: the key stays where it belongs", async () => {
    const seen: string[] = [];
    await serve(
      (request, response) => {
        seen.push(request.url ?? "");
        response.writeHead(302, { location: "/elsewhere" }).end();
      },
      async (rest) => {
        expect((await errorOf(rest.placeCall({}))).message).toMatch(/has moved \(302\)/);
        expect(seen).toEqual(["/v1/calls"]);
      },
    );
  });

  test("an id is one piece of the path, whatever is in it", async () => {
    const seen: string[] = [];
    await serve(
      (request, response) => {
        seen.push(request.url ?? "");
        response.end("{}");
      },
      async (rest) => {
        await rest.endCall("../me?x=1", "r");
        expect(seen).toEqual(["/v1/calls/..%2Fme%3Fx%3D1/end"]);
      },
    );
  });
});
