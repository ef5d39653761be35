import { expect, test } from "vitest";
import { placeOrder } from "../../plugin/calls/place-order.ts";
import type { StepOneOrder } from "../../plugin/carriers/stepone/rest.ts";
import { searchCalls } from "../../plugin/store/calls.ts";
import { unlimited } from "../limits/unlimited.ts";
import { storeInFolder } from "../store/store-in-folder.ts";

const here = storeInFolder();
const KEY = "pk-7d1f0c9a2b8e4635";

test("no key goes out with an order, not spelled either, and none is kept; an address stays", async () => {
  const sent: StepOneOrder[] = [];
  const rest = {
    async placeCalls(order: StepOneOrder) {
      sent.push(order);
      return ["call^1"];
    },
  };
  const email = "bo@clawcall.app";
  const perDay = { callsPerDay: 50, textsPerDay: 50, minutesPerDay: 50 };
  const lines = [{ name: "stepone", apiKey: KEY, email, ...perDay }];
  const order = {
    numbers: ["13800138000"],
    requirement: `告诉张总：${KEY}，也就是 ${[...KEY].join(" ")}，邮箱 ${email}`,
    more: { extra: [{ note: KEY }], count: 1 },
  };
  await placeOrder(order, {
    store: here.store,
    rest,
    line: "stepone",
    config: { ...unlimited, ownerNumbers: [], lines },
  });
  const requirement = `告诉张总：[redacted]，也就是 [redacted]，邮箱 ${email}`;
  expect(sent).toEqual([{ ...order, requirement, more: { extra: [{ note: "[redacted]" }], count: 1 } }]);
  expect(await searchCalls(here.store, { limit: 9 })).toMatchObject([{ purpose: requirement }]);
});
