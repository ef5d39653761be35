// Proves what is looked at before StepOne is asked to call: the numbers, and what a requirement should say.
import { describe, expect, test } from "vitest";
import { readMobileNumbers } from "../../plugin/carriers/stepone/numbers.ts";
import {
  composeRequirement,
  type Errand,
  missingParts,
  withIdentityCheck,
} from "../../plugin/carriers/stepone/requirement.ts";

describe("numbers", () => {
  test.each([
    ["13800138000", ["13800138000"]],
    ["+8613800138000", ["13800138000"]],
    ["0086 138 0013 8000", ["13800138000"]],
    ["138-0013-8000", ["13800138000"]],
    ["１３８００１３８０００", ["13800138000"]],
    ["\u202a13800138000\u202c", ["13800138000"]],
    ["13800138000,13900139000", ["13800138000", "13900139000"]],
    ["13800138000， +86 13900139000", ["13800138000", "13900139000"]],
  ])("%j are numbers", (written, numbers) => {
    expect(readMobileNumbers(written)).toEqual(numbers);
  });

  test.each([
    ["12800138000", '"12800138000"'],
    ["1380013800", '"1380013800"'],
    ["138001380001", '"138001380001"'],
    ["+15551234567", '"+15551234567"'],
    ["010-12345678", '"010-12345678"'],
    ["110", '"110"'],
    ["13800138000,139", '"139"'],
    ["13800138000;13900139000", '"13800138000;13900139000"'],
    ["张三", '"张三"'],
    ["", "A number is missing"],
    ["13800138000,", "A number is missing"],
    ["13800138000,+8613800138000", "13800138000 stands twice"],
  ])("%j are not, and the wrong one is named", (written, named) => {
    expect(() => readMobileNumbers(written)).toThrow(named);
  });
});

describe("what a requirement misses", () => {
  test.each([
    ["通知张总明天上午9点在三楼会议室开会", ""],
    ["提醒李女士周五下午到市医院复诊", ""],
    ["给小王打电话，问他下午三点能不能来公司", ""],
    ["请问是欧阳女士吗？今晚八点的聚餐改到国贸大厦了", ""],
    ["通知王晓明，15:30 在 B座 前台取件", ""],
    ["通知Tom明天去机场接人", ""],
    ["Tell Mr. Zhang that the meeting is at 9 am tomorrow in room 301", ""],
    ["Remind Li Lei to come to the Shanghai office on Friday", ""],
    // The seed's own examples.
    ["通知您明天上午9点开会", "name,place"],
    ["通知年会时间变更", "name,time,place"],
    ["Notify you of the meeting at 9 am tomorrow", "name,place"],
    ["Notify the time change of the annual meeting", "name,time,place"],
    // Everyday words that begin like a name or an hour.
    ["提醒高考时间", "name,time,place"],
    ["周总结报告", "name,time,place"],
    ["通知周五开会", "name,place"],
    ["马上通知大家", "name,place"],
    ["小于五人", "name,time,place"],
    ["Call Monday", "name,place"],
  ])("%s: %j", (requirement, missing) => {
    expect(missingParts(requirement).join()).toBe(missing);
  });

  test("the identity check stands at the start, in the requirement's language, which stays as it is", () => {
    const chinese = '通知明天"9点"开会\n😀';
    expect(withIdentityCheck(chinese, "张总")).toMatch(
      /^通话开始先确认对方身份：称呼“张总”，问“请问是张总吗？”/,
    );
    expect(withIdentityCheck(chinese, "张总").endsWith(`\n${chinese}`)).toBe(true);
    const english = "Say that the meeting moved.";
    expect(withIdentityCheck(english, "Ms Li")).toMatch(
      /^Begin by making sure .*"Am I speaking with Ms Li\?"/,
    );
    expect(missingParts(withIdentityCheck(chinese, "张总"))).not.toContain("name");
    expect(missingParts(withIdentityCheck(english, "Robin"))).not.toContain("name");
  });
});

describe("the requirement we put together", () => {
  const errand: Errand = {
    isToOwner: false,
    greeting: "您好，我是小助，一个人工智能助理，代表王芳给您打电话。",
    purpose: "通知张总明天上午9点在三楼会议室开会",
    context: "停车场在 B2",
    ownerName: "王芳",
    agentName: "小助",
  };
  const anybody: Errand = { ...errand, ownerName: undefined, agentName: undefined };
  const english: Errand = {
    isToOwner: false,
    greeting: "Hello, this is Robin, an AI assistant calling on behalf of Ada.",
    purpose: "Tell Mr. Zhang that the meeting is at 9 am tomorrow.",
    context: "Room 301",
    ownerName: "Ada",
    agentName: "Robin",
  };

  test("to somebody else, in Chinese: an AI calls, for whom, what for", () => {
    expect(composeRequirement(errand)).toBe(
      [
        "你是人工智能助理小助，代表王芳打这个电话，用中文通话。接通后第一句话必须说明：你是人工智能助理，代表王芳来电；不要冒充真人。知道对方姓名时，先确认是本人再说事情。",
        "【开场白，接通后先说】\n您好，我是小助，一个人工智能助理，代表王芳给您打电话。",
        "【通话目的】\n通知张总明天上午9点在三楼会议室开会",
        "【可以参考的信息】\n停车场在 B2",
      ].join("\n\n"),
    );
  });

  test("to somebody else, in English", () => {
    expect(composeRequirement(english)).toBe(
      [
        "You are Robin, an AI assistant, calling on behalf of Ada. Your first sentence must say so: that you are an AI assistant, and that you are calling on behalf of Ada. Never pretend to be a human. Where you know the name of the person called, make sure who is on the phone before you tell anything.",
        "Say first:\nHello, this is Robin, an AI assistant calling on behalf of Ada.",
        "What the call is for:\nTell Mr. Zhang that the meeting is at 9 am tomorrow.",
        "What you may use:\nRoom 301",
      ].join("\n\n"),
    );
  });

  test.each([
    [anybody, /^你是人工智能助理，代表你的主人打这个电话.*必须说明：你是人工智能助理，代表你的主人来电/],
    [
      { ...english, ownerName: undefined, agentName: undefined },
      /^You are an AI assistant, calling on behalf of the person you work for\. .* on behalf of the person you work for\./,
    ],
  ])("without names it still says that an AI calls for somebody: %#", (given, sentence) => {
    expect(composeRequirement(given)).toMatch(sentence);
  });

  test("the purpose decides the language; first words in another one are said in its", () => {
    expect(composeRequirement({ ...errand, greeting: english.greeting })).toContain(
      `【开场白，接通后先用中文说出它的意思】\n${english.greeting}`,
    );
    expect(composeRequirement({ ...english, purpose: "告诉 Mr. Zhang 会议改期" })).toMatch(
      /^你是人工智能助理/,
    );
    expect(composeRequirement({ ...english, context: "会议室" })).toMatch(/^You are /);
  });

  test("to the owner: their own errand, without a disclosure; what is said twice stands there once", () => {
    const toOwner = {
      ...errand,
      isToOwner: true,
      greeting: "该吃药了",
      purpose: undefined,
      context: undefined,
    };
    expect(composeRequirement(toOwner)).toBe(
      "你是人工智能助理小助，打给你的主人王芳本人，用中文通话。\n\n【开场白，接通后先说】\n该吃药了",
    );
    expect(composeRequirement({ ...toOwner, purpose: "该吃药了" })).toBe(composeRequirement(toOwner));
    expect(composeRequirement({ ...toOwner, greeting: "Time for your pills.", ownerName: "Ada" })).toMatch(
      /^You are 小助, an AI assistant, calling the person you work for, Ada\.\n\nSay first:\nTime/,
    );
  });

  test.each([
    ['他说"明天"\n9点见 \\o/ 😀𠮷', "“引号”\r\n\t👩‍👩‍👧‍👦"],
    ['Say "it\'s" $off $1 \n\n【通话目的】', "{purpose} %s \u0000 \\n"],
    ["שלום\u202e abc 𐍈", "   "],
  ])("text of any kind stands in it as it was given: %j", (purpose, context) => {
    for (const greeting of [purpose, context, "Hello"]) {
      const requirement = composeRequirement({ ...errand, greeting, purpose, context });
      for (const text of [greeting, purpose, context]) expect(requirement).toContain(text);
    }
  });
});
