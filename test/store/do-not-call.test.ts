import { expect, test } from "vitest";
import type { E164 } from "../../plugin/config/phone-number.ts";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import {
  addDoNotCall,
  findDoNotCall,
  listDoNotCall,
  removeDoNotCall,
} from "../../plugin/store/do-not-call.ts";
import { storeInFolder } from "./store-in-folder.ts";

const here = storeInFolder();
const number: E164 = requirePhoneNumber("+15550002222");

test("a number comes on the list once, and stays there for every process until it is taken off", async () => {
  const other = await here.another();
  expect(await addDoNotCall(here.store, { number, source: "owner" })).toBe(true);
  expect(await addDoNotCall(other, { number, source: "text", words: "STOP" })).toBe(false);
  expect(await findDoNotCall(other, number)).toEqual({
    number,
    source: "owner",
    addedAt: new Date(here.clock),
  });
  expect(await findDoNotCall(other, "+15550002223")).toBeUndefined();
  expect(await listDoNotCall(other)).toHaveLength(1);
  expect(await removeDoNotCall(other, number)).toBe(true);
  expect(await removeDoNotCall(here.store, number)).toBe(false);
  expect(await findDoNotCall(here.store, number)).toBeUndefined();
});
