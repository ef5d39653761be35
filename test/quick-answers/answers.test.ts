/** What the quick answers say, in every language, from facts that are given. */
import { describe, expect, it } from "vitest";
import { identity } from "../../plugin/quick-answers/identity.ts";
import { type Facts, LANGUAGES, type ScheduledJob } from "../../plugin/quick-answers/quick-answer.ts";
import { QUICK_ANSWERS } from "../../plugin/quick-answers/quick-answers.ts";
import { runningTasks } from "../../plugin/quick-answers/running-tasks.ts";
import { scheduledJobs } from "../../plugin/quick-answers/scheduled-jobs.ts";
import { spokenTime } from "../../plugin/quick-answers/spoken-time.ts";

/** A Friday, 12:00 in Berlin. */
const NOW = new Date("2026-11-20T11:00:00Z");
const TIMEZONE = "Europe/Berlin";
const JOBS: readonly ScheduledJob[] = [
  { name: "Dentist", nextRun: new Date("2026-11-20T14:30:00Z") },
  { name: "Briefing", nextRun: new Date("2026-11-21T07:00:00Z") },
  { name: "Backup", nextRun: new Date("2026-11-25T02:00:00Z") },
  { name: "Door bell", nextRun: undefined },
];

function facts(
  parts: { jobs?: readonly ScheduledJob[]; tasks?: readonly string[]; name?: string } = {},
): Facts {
  return {
    agentName: parts.name,
    now: NOW,
    timezone: TIMEZONE,
    scheduledJobs: async () => parts.jobs ?? [],
    runningTasks: async () => parts.tasks ?? [],
  };
}
/** Spaces of every width are one to the ear. */
const spoken = (text: string | undefined) => text?.replace(/\p{Zs}/gu, " ");

describe("scheduled jobs", () => {
  const say = async (language: (typeof LANGUAGES)[number], jobs: readonly ScheduledJob[]) =>
    spoken(await scheduledJobs.answer(language, facts({ jobs })));

  it("none, one, two, more", async () => {
    expect(await say("en", [])).toBe("No jobs are scheduled.");
    expect(await say("en", JOBS.slice(0, 1))).toBe("1 job is scheduled: Dentist today at 3:30 PM.");
    expect(await say("en", JOBS.slice(0, 2))).toBe(
      "2 jobs are scheduled: Dentist today at 3:30 PM and Briefing tomorrow at 8:00 AM.",
    );
    expect(await say("en", JOBS)).toBe(
      "4 jobs are scheduled. The next ones: Dentist today at 3:30 PM and Briefing tomorrow at 8:00 AM.",
    );
    expect(await say("en", JOBS.slice(3))).toBe("1 job is scheduled: Door bell.");
  });

  it.each([
    ["zh", "有4个定时任务。接下来的是：今天下午3:30的Dentist和明天上午8:00的Briefing。"],
    ["ja", "予定されているジョブは4件。次は、今日の15:30のDentist、明日の8:00のBriefingです。"],
    ["ko", "예약된 작업은 4개예요. 다음 작업은, 오늘 오후 3:30 Dentist 및 내일 오전 8:00 Briefing."],
    ["ru", "Запланировано 4 задания. Ближайшие: Dentist сегодня в 15:30 и Briefing завтра в 8:00."],
    ["ar", "هناك 4 مهام مجدولة. أقربها: Dentist اليوم الساعة 3:30 م وBriefing غدًا الساعة 8:00 ص."],
    ["es", "Hay 4 tareas programadas. Las próximas: Dentist hoy a las 15:30 y Briefing mañana a las 8:00."],
    [
      "fr",
      "4 tâches sont planifiées. Les prochaines : Dentist aujourd’hui à 15:30 et Briefing demain à 8:00.",
    ],
    [
      "de",
      "Es sind 4 Aufgaben geplant. Die nächsten: Dentist heute um 15:30 Uhr und Briefing morgen um 8:00 Uhr.",
    ],
    ["pt", "Há 4 tarefas agendadas. As próximas: Dentist hoje às 15:30 e Briefing amanhã às 8:00."],
    [
      "it",
      "Ci sono 4 attività pianificate. Le prossime: Dentist oggi alle 15:30 e Briefing domani alle 8:00.",
    ],
  ] as const)("%s", async (language, expected) => {
    expect(await say(language, JOBS)).toBe(expected);
  });

  it("plural forms", async () => {
    const many = Array.from({ length: 5 }, () => JOBS[0]).filter((job) => job !== undefined);
    expect(await say("ru", many)).toMatch(/^Запланировано 5 заданий\./);
    expect(await say("ar", many.slice(0, 2))).toMatch(/^هناك مهمتان مجدولتان:/);
    expect(await say("it", many.slice(0, 1))).toMatch(/^C'è 1 attività pianificata:/);
  });
});

describe("running tasks", () => {
  it("are named, the newest first", async () => {
    const say = async (tasks: readonly string[]) => runningTasks.answer("en", facts({ tasks }));
    expect(await say([])).toBe("Nothing from our conversation is running in the background right now.");
    expect(await say(["flight search"])).toBe("1 task is running: flight search.");
    expect(await say(["a", "b", "c"])).toBe("3 tasks are running. The newest: a and b.");
  });
});

it("the name is said as configured; without one the model says it", async () => {
  expect(await identity.answer("en", facts({ name: "Robin" }))).toBe("I'm Robin, your AI assistant.");
  expect(await identity.answer("zh", facts({ name: "小罗" }))).toBe("我是小罗，您的人工智能助理。");
  expect(await identity.answer("en", facts())).toBeUndefined();
});

it("every answer, in every language, is there and has no markup", async () => {
  for (const quickAnswer of QUICK_ANSWERS) {
    for (const language of LANGUAGES) {
      for (const jobs of [[], JOBS.slice(0, 1), JOBS]) {
        const tasks = jobs.map(({ name }) => name);
        const text = await quickAnswer.answer(language, facts({ jobs, tasks, name: "Robin" }));
        expect(text, language).toMatch(/[.。!！?？؟]$/u);
        expect(text, language).not.toMatch(/[*_#`{}[\]<>]|undefined|NaN|Invalid/);
      }
    }
  }
});

describe("times", () => {
  const say = (iso: string, language: (typeof LANGUAGES)[number] = "en", timezone = TIMEZONE) =>
    spoken(spokenTime(new Date(iso), language, NOW, timezone));

  it.each([
    ["2026-11-20T10:59:00Z", "now"],
    ["2026-11-20T11:00:30Z", "now"],
    ["2026-11-20T11:20:00Z", "in 20 minutes"],
    ["2026-11-20T22:59:00Z", "today at 11:59 PM"],
    ["2026-11-20T23:00:00Z", "tomorrow at 12:00 AM"],
    ["2026-11-22T07:00:00Z", "on Sunday at 8:00 AM"],
    ["2026-11-26T22:00:00Z", "on Thursday at 11:00 PM"],
    ["2026-11-27T07:00:00Z", "on November 27 at 8:00 AM"],
    ["2027-11-19T07:00:00Z", "on November 19, 2027 at 8:00 AM"],
  ])("%s: %s", (iso, expected) => {
    expect(say(iso)).toBe(expected);
  });

  it("are those of the owner's time zone", () => {
    expect(say("2026-11-20T23:00:00Z", "en", "America/New_York")).toBe("today at 6:00 PM");
    expect(say("2026-11-20T23:00:00Z", "en", "Asia/Shanghai")).toBe("tomorrow at 7:00 AM");
  });

  it.each([
    ["zh", "星期日上午8:00", "11月30日上午8:00"],
    ["ja", "日曜日の8:00", "11月30日の8:00"],
    ["ko", "일요일 오전 8:00", "11월 30일 오전 8:00"],
    ["ru", "22 ноября в 8:00", "30 ноября в 8:00"],
    ["ar", "يوم الأحد الساعة 8:00 ص", "في 30 نوفمبر الساعة 8:00 ص"],
    ["es", "el domingo a las 8:00", "el 30 de noviembre a las 8:00"],
    ["fr", "dimanche à 8:00", "le 30 novembre à 8:00"],
    ["de", "am Sonntag um 8:00 Uhr", "am 30. November um 8:00 Uhr"],
    ["pt", "no domingo às 8:00", "em 30 de novembro às 8:00"],
    ["it", "domenica alle 8:00", "il 30 novembre alle 8:00"],
  ] as const)("in %s: %s, %s", (language, weekday, date) => {
    expect(say("2026-11-22T07:00:00Z", language)).toBe(weekday);
    expect(say("2026-11-30T07:00:00Z", language)).toBe(date);
  });
});
