import { describe, expect, test } from "vitest";
import {
  APPROVAL_ANSWERS,
  approvalAsked,
  approvalIds,
  approvalsWith,
  decideApproval,
  findApproval,
  findApprovalsById,
  intendApproval,
} from "../../plugin/store/approvals.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();

const intend = (id: string, given: { line?: string; details?: string } = {}) =>
  intendApproval(here.store, {
    id,
    line: given.line ?? "clawdtalk",
    action: "删除仓库 “test-repo”",
    details: given.details,
    isBiometric: true,
    expiresAt: new Date(here.clock + 300_000),
  });

test("is kept as it was asked, and as it was answered", async () => {
  await intend("one", { details: "全部\n内容" });
  const asked = {
    id: "one",
    line: "clawdtalk",
    action: "删除仓库 “test-repo”",
    details: "全部\n内容",
    isBiometric: true,
    status: "pending",
    createdAt: new Date(here.clock),
    expiresAt: new Date(here.clock + 300_000),
  };
  expect(await findApproval(here.store, "one")).toEqual(asked);
  const expiresAt = new Date(here.clock + 299_000);
  expect(await approvalAsked(here.store, "one", { requestId: "r1", expiresAt })).toBe(true);
  here.clock += 5_000;
  const which = { line: "clawdtalk", carrierRequestId: "r1" };
  expect(await decideApproval(here.store, which, { answer: "approved", by: "event" })).toBe(true);
  const later = await here.another();
  expect(await findApproval(later, "one")).toEqual({
    ...asked,
    carrierRequestId: "r1",
    expiresAt,
    status: "approved",
    decidedBy: "event",
    decidedAt: new Date(here.clock),
  });
});

describe("one answer", () => {
  test.each(APPROVAL_ANSWERS)("%s is the last word", async (answer) => {
    await intend("one");
    await approvalAsked(here.store, "one", { requestId: "r1" });
    expect(await decideApproval(here.store, { id: "one" }, { answer, by: "here" })).toBe(true);
    const settled = await findApproval(here.store, "one");
    here.clock += 1_000;
    for (const other of APPROVAL_ANSWERS) {
      for (const which of [{ id: "one" }, { line: "clawdtalk", carrierRequestId: "r1" }]) {
        expect(await decideApproval(here.store, which, { answer: other, by: "event" })).toBe(false);
      }
    }
    expect(await findApproval(here.store, "one")).toEqual(settled);
  });

  test("of many that come at once over several connections", async () => {
    await intend("one");
    await approvalAsked(here.store, "one", { requestId: "r1" });
    const stores = [here.store, await here.another(), await here.another()];
    const counted = await Promise.all(
      APPROVAL_ANSWERS.flatMap((answer) =>
        stores.map(async (store) =>
          (await decideApproval(store, { id: "one" }, { answer, by: "event" })) ? answer : undefined,
        ),
      ),
    );
    const first = counted.filter((answer) => answer !== undefined);
    expect(first).toHaveLength(1);
    expect((await findApproval(here.store, "one"))?.status).toBe(first[0]);
  });

  test("to that very request: another id, another line, or none answers nothing", async () => {
    await intend("one");
    await intend("unsent");
    await approvalAsked(here.store, "one", { requestId: "r1" });
    for (const which of [
      { line: "clawdtalk", carrierRequestId: "r2" },
      { line: "clawdtalk", carrierRequestId: "R1" },
      { line: "clawdtalk", carrierRequestId: "" },
      { line: "work", carrierRequestId: "r1" },
      { id: "r1" },
      { id: "on" },
    ]) {
      expect(await decideApproval(here.store, which, { answer: "approved", by: "event" })).toBe(false);
    }
    expect(
      (await approvalsWith(here.store, { line: "clawdtalk", status: "pending" })).map(({ id }) => id),
    ).toEqual(["unsent", "one"]);
  });
});

describe("the carrier's id", () => {
  test("belongs to one question of a line, and stays", async () => {
    await intend("one");
    await intend("two");
    await intend("elsewhere", { line: "work" });
    expect(await approvalAsked(here.store, "one", { requestId: "r1" })).toBe(true);
    expect(await approvalAsked(here.store, "two", { requestId: "r1" })).toBe(false);
    expect(await approvalAsked(here.store, "one", { requestId: "r2" })).toBe(false);
    expect(await approvalAsked(here.store, "elsewhere", { requestId: "r1" })).toBe(true);
    expect(await approvalAsked(here.store, "nobody", { requestId: "r9" })).toBe(false);
    expect((await findApproval(here.store, "one"))?.carrierRequestId).toBe("r1");
    expect(await findApproval(here.store, "two")).not.toHaveProperty("carrierRequestId");
  });

  test("leads to ours", async () => {
    await intend("one");
    await intend("elsewhere", { line: "work" });
    await approvalAsked(here.store, "one", { requestId: "r1" });
    await approvalAsked(here.store, "elsewhere", { requestId: "r2" });
    const wanted = { line: "clawdtalk", carrierRequestIds: ["r1", "r2", "r3"] };
    expect([...(await approvalIds(here.store, wanted))]).toEqual([["r1", "one"]]);
    expect([...(await approvalIds(here.store, { ...wanted, carrierRequestIds: [] }))]).toEqual([]);
  });
});

test("is found by our id, by the carrier's, and by the beginning of ours", async () => {
  await intend("abcdef-1");
  await intend("abcdef-2");
  await approvalAsked(here.store, "abcdef-1", { requestId: "abcdef" });
  const found = async (id: string) => (await findApprovalsById(here.store, id)).map((one) => one.id);
  expect(await found("abcdef-2")).toEqual(["abcdef-2"]);
  expect(await found("abcdef")).toEqual(["abcdef-1"]);
  expect(await found("abcdef-")).toEqual(["abcdef-2", "abcdef-1"]);
  expect(await found("abcde")).toEqual([]);
  expect(await found("%")).toEqual([]);
  expect(await findApproval(here.store, "abcdef-")).toBeUndefined();
});
