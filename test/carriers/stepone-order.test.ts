// Proves what is looked at before StepOne is asked to call: the numbers, and what a requirement should say.
import { describe, expect, test } from "vitest";
import { readMobileNumbers } from "../../plugin/carriers/stepone/numbers.ts";
import { missingParts, withIdentityCheck } from "../../plugin/carriers/stepone/requirement.ts";

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
