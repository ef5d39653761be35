// Proves how approvals are asked for and read over ClawdTalk's REST interface, in the forms the wire page leaves open.
import { describe, expect, test } from "vitest";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import { startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { answering, errorOf, fast, serveAt } from "./told-service.ts";

const restAt = (url: string) =>
  new ClawdTalkRest({ apiUrl: `${url}/v1`, apiKey: "cc_live_0123456789abcdef", ...fast });

test("with the practice line: asked, shown, listed", async () => {
  const service = await startClawdTalkPractice({ devices: { registered: 3, failing: 1 } });
  try {
    const rest = new ClawdTalkRest({ apiUrl: service.apiUrl, apiKey: service.key, ...fast });
    const asked = await rest.requestApproval({
      action: "发帖 “X”",
      details: "",
      isBiometric: true,
      expiresInSeconds: 300,
    });
    expect(asked).toEqual({
      requestId: service.approvals[0]?.request_id,
      status: "pending",
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      devicesNotified: 2,
      devicesFailed: 1,
    });
    expect(service.rest[0]?.body).toEqual({ action: "发帖 “X”", require_biometric: true, expires_in: 300 });
    expect(await rest.getApproval(asked.requestId)).toEqual(asked);
    expect(await rest.listApprovals("pending")).toEqual([{ ...asked, action: "发帖 “X”" }]);
    expect(service.rest.at(-1)?.query).toEqual({ status: "pending" });
    service.pressApproval(asked.requestId, "denied");
    expect(await rest.listApprovals("pending")).toEqual([]);
    expect(await rest.getApproval(asked.requestId)).toEqual({ ...asked, status: "denied" });
    expect(await errorOf(rest.getApproval("approval_unknown"))).toMatchObject({ status: 404 });
    expect(service.violations).toEqual([]);
  } finally {
    await service.close();
  }
});

const plain = { request_id: 7, status: "pending", expires_at: null, devices_notified: "1", extra: {} };
const read = {
  requestId: "7",
  status: "pending",
  expiresAt: undefined,
  devicesNotified: 1,
  devicesFailed: undefined,
};

describe("an answer in another form", () => {
  test.each([[plain], [{ approval: plain }], [{ data: plain }]])("one: %j", async (body) => {
    await serveAt(answering(200, body), async (url) => {
      const asked = { action: "Post", isBiometric: false, expiresInSeconds: 60 };
      expect(await restAt(url).requestApproval(asked)).toEqual(read);
      expect(await restAt(url).getApproval("7")).toEqual(read);
    });
  });

  test.each([[[plain]], [{ approvals: [plain] }], [{ data: [plain] }]])("many: %j", async (body) => {
    await serveAt(answering(200, body), async (url) => {
      expect(await restAt(url).listApprovals("pending")).toEqual([{ ...read, action: undefined }]);
    });
  });

  test("asked for by its id it need not name it, and must not name another", async () => {
    await serveAt(answering(200, { status: "approved" }), async (url) => {
      expect(await restAt(url).getApproval("r1")).toMatchObject({ requestId: "r1", status: "approved" });
    });
    await serveAt(answering(200, { request_id: "r2", status: "approved" }), async (url) => {
      const error = await errorOf(restAt(url).getApproval("r1"));
      expect(error).toMatchObject({ name: "CarrierUnreachable", mayHaveHappened: false });
      expect(error.message).toBe("ClawdTalk answered about another approval than it was asked about.");
    });
  });

  test.each([["{}"], ['{"approvals":{}}'], ["null"], ["7"], ["<html>"]])("no list: %s", async (body) => {
    await serveAt(answering(200, body), async (url) => {
      expect((await errorOf(restAt(url).listApprovals("pending"))).message).toMatch(/cannot be understood/);
    });
  });
});

test("an id is one piece of the path, whatever is in it", async () => {
  const seen: string[] = [];
  await serveAt(
    (request, response) => {
      seen.push(request.url ?? "");
      response.end("{}");
    },
    async (url) => {
      await restAt(url).getApproval("../me?x=1");
      expect(seen).toEqual(["/v1/approvals/..%2Fme%3Fx%3D1"]);
    },
  );
});
