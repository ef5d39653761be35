import { expect, test } from "vitest";
import { CheckedVoice } from "../../plugin/calls/checked-voice.ts";
import type { CallVoice } from "../../plugin/carriers/carrier.ts";

const KEY = "cc_live_0a1b2c3d4e5f60718293";
const OWNER = "+15550001111";

function setUp({ connected = true } = {}) {
  const heard: string[] = [];
  const carrier: CallVoice = {
    capabilities: {
      partialSpeech: true,
      callEnd: true,
      siblingWindowMs: 0,
      texts: false,
      outboundCalls: true,
      newestRequestOnly: false,
      endsCallWithAnswer: false,
    },
    speak: (_turn, text) => {
      if (connected) heard.push(text);
      return connected;
    },
    answer: (_turn, text) => void heard.push(text),
    greet: (_callId, text) => heard.push(text) > 0,
    sendContext() {},
  };
  const voice = new CheckedVoice({ secrets: [KEY], ownerNumbers: [OWNER] });
  return { voice, safe: voice.speakingWith(carrier), heard };
}

const turn = (callId: string) => ({ callId, requestId: "r" });

test("what is said early, in the answer and as the greeting is one conversation to whoever listens", () => {
  const { voice, safe, heard } = setUp();
  voice.somebodyElse("call", ["Book a table."]);
  safe.greet("call", "Five five five.");
  expect(safe.speak(turn("call"), "Zero zero zero.")).toBe("Zero zero zero.");
  // Told again who is on the call, as after news of it.
  voice.somebodyElse("call", ["Book a table."]);
  expect(safe.speak(turn("call"), "One one.")).toBe("[redacted].");
  safe.answer(turn("call"), "One one.");
  expect(heard).toEqual(["Five five five.", "Zero zero zero.", "[redacted].", "[redacted]."]);
});

test("calls are apart, and what one was given is no other's", () => {
  const { voice, safe, heard } = setUp();
  voice.somebodyElse("one", ["They can call back at", undefined, OWNER]);
  voice.somebodyElse("two", []);
  safe.answer(turn("one"), "My number is 555-000-1111.");
  safe.answer(turn("two"), "My number is 555-000-1111.");
  expect(heard).toEqual(["My number is 555-000-1111.", "My number is [redacted]."]);
});

test("the owner hears their own number, and no key; so does whoever is not known yet", () => {
  const { voice, safe, heard } = setUp();
  voice.owner("mine");
  for (const callId of ["mine", "new"]) safe.answer(turn(callId), `You are 555 000 1111, the key is ${KEY}.`);
  expect(heard).toEqual(Array(2).fill("You are 555 000 1111, the key is [redacted]."));
});

test("what could not be handed over was not heard", () => {
  const { voice, safe, heard } = setUp({ connected: false });
  voice.somebodyElse("call", []);
  expect(safe.speak(turn("call"), "Hello.")).toBeUndefined();
  expect(heard).toEqual([]);
});
