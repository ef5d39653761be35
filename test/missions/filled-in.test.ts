import { describe, expect, test } from "vitest";
import { filledIn, missingWords } from "../../plugin/missions/filled-in.ts";
import { target } from "./mission-plans.ts";

const ANN = target(1, { name: "Ann {time}", facts: { "Delivery Time": "8 {name}", 大小: "十二" } });

describe("a text for somebody", () => {
  test.each([
    ["Hi {name}!", "Hi Ann {time}!"],
    ["{ Name } {NUMBER}", "Ann {time} +12125551001"],
    // What was filled in is not filled in again.
    ["At {delivery_time} or {deliverytime}", "At 8 {name} or 8 {name}"],
    ["{大小}", "十二"],
    ["{nobody} {} {\n}", "{nobody} {} {\n}"],
    ["{constructor} {facts}", "{constructor} {facts}"],
  ])("%j is %j", (text, expected) => {
    expect(filledIn(text, ANN)).toBe(expected);
  });

  test("what nothing is known of", () => {
    expect(missingWords("{name} {when} {大小} {constructor} {when}", ANN)).toEqual([
      "when",
      "constructor",
      "when",
    ]);
  });
});
