/** What counts as one of the quick questions, and that nothing beyond it does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FILLERS } from "../../plugin/quick-answers/fillers.ts";
import { greeting } from "../../plugin/quick-answers/greeting.ts";
import { howAreYou } from "../../plugin/quick-answers/how-are-you.ts";
import { identity } from "../../plugin/quick-answers/identity.ts";
import {
  LANGUAGES,
  type Language,
  languageOf,
  type QuickAnswer,
} from "../../plugin/quick-answers/quick-answer.ts";
import { QUICK_ANSWERS } from "../../plugin/quick-answers/quick-answers.ts";
import { alternatives, Recognition, unitsOf } from "../../plugin/quick-answers/recognition.ts";
import { runningTasks } from "../../plugin/quick-answers/running-tasks.ts";
import { scheduledJobs } from "../../plugin/quick-answers/scheduled-jobs.ts";
import { PHRASES } from "../../plugin/speech/phrase-tables.ts";

const recognition = new Recognition(QUICK_ANSWERS, greeting);
const find = (words: string, language: Language = "en", agentName: string | undefined = "Robin") =>
  recognition.find(words, language, agentName);

it("has the languages that the phone speaks on its own", () => {
  expect([...LANGUAGES].sort()).toEqual(Object.keys(PHRASES).sort());
  expect(languageOf("zh-CN")).toBe("zh");
  expect(languageOf(undefined)).toBe("en");
  expect(languageOf("sv")).toBeUndefined();
});

const ASKED: readonly [Language, string, QuickAnswer][] = [
  ["en", "What's your name?", identity],
  ["en", "So, um, Robin, who are you?", identity],
  ["en", "Hello.", greeting],
  ["en", "Hey Robin!", greeting],
  ["en", "Hi, how are you today?", howAreYou],
  ["en", "HOW ARE YOU", howAreYou],
  ["en", "Hello? Please tell me, what scheduled jobs do I have?", scheduledJobs],
  ["en", "How many cron jobs are there?", scheduledJobs],
  ["en", "Are there any tasks running right now?", runningTasks],
  ["en", "What are you working on?", runningTasks],
  ["zh", "嗯，请问你叫什么名字？", identity],
  ["zh", "你好。", greeting],
  ["zh", "你好，你好吗？", howAreYou],
  ["zh", "我有哪些定时任务？", scheduledJobs],
  ["zh", "有没有定时任务", scheduledJobs],
  ["zh", "现在有什么任务在运行？", runningTasks],
  ["zh", "你在忙什么呢？", runningTasks],
  ["ja", "お名前は何ですか。", identity],
  ["ja", "もしもし", greeting],
  ["ja", "お元気ですか？", howAreYou],
  ["ja", "予定されているジョブはありますか？", scheduledJobs],
  ["ja", "今、実行中のタスクはありますか", runningTasks],
  ["ko", "네 이름이 뭐야?", identity],
  ["ko", "여보세요", greeting],
  ["ko", "잘 지내세요?", howAreYou],
  ["ko", "예약된 작업이 있어요?", scheduledJobs],
  ["ko", "지금 실행 중인 작업이 있나요?", runningTasks],
  ["ru", "Как тебя зовут?", identity],
  ["ru", "Алло", greeting],
  ["ru", "Привет, как дела?", howAreYou],
  ["ru", "Какие у меня запланированные задания?", scheduledJobs],
  ["ru", "Какие задачи сейчас выполняются?", runningTasks],
  ["ar", "ما اسمك؟", identity],
  ["ar", "مَرْحَبًا", greeting],
  ["ar", "كيف حالك اليوم؟", howAreYou],
  ["ar", "ما هي المهام المجدولة؟", scheduledJobs],
  ["ar", "هل هناك مهام قيد التنفيذ الآن؟", runningTasks],
  ["es", "¿Como te llamas?", identity],
  ["es", "Hola, buenos días", greeting],
  ["es", "¿Qué tal?", howAreYou],
  ["es", "¿Qué tareas programadas tengo?", scheduledJobs],
  ["es", "¿En qué estás trabajando ahora mismo?", runningTasks],
  ["fr", "Comment tu t’appelles ?", identity],
  ["fr", "Allô ?", greeting],
  ["fr", "Salut, comment ça va ?", howAreYou],
  ["fr", "Quelles sont mes tâches planifiées ?", scheduledJobs],
  ["fr", "Sur quoi travailles-tu ?", runningTasks],
  ["de", "Sag mal, wie heisst du denn?", identity],
  ["de", "Guten Morgen!", greeting],
  ["de", "Na, wie geht’s dir?", howAreYou],
  ["de", "Welche geplanten Aufgaben habe ich?", scheduledJobs],
  ["de", "Läuft gerade was im Hintergrund?", runningTasks],
  ["pt", "Qual é o seu nome?", identity],
  ["pt", "Alô", greeting],
  ["pt", "Oi, como vai você?", howAreYou],
  ["pt", "Quais são minhas tarefas agendadas?", scheduledJobs],
  ["pt", "Que tarefas estão em andamento?", runningTasks],
  ["it", "Come ti chiami?", identity],
  ["it", "Buongiorno", greeting],
  ["it", "Ciao, come stai?", howAreYou],
  ["it", "Quali attività pianificate ho?", scheduledJobs],
  ["it", "Su cosa stai lavorando?", runningTasks],
];

it.each(ASKED)("%s: %s", (language, words, quickAnswer) => {
  expect(find(words, language)).toBe(quickAnswer);
});

describe("what is left to the model", () => {
  it.each<[Language, string]>([
    ["en", ""],
    ["en", "…"],
    ["en", "so, um"],
    ["en", "Robin"],
    ["en", "Hello, can you call my mother?"],
    ["en", "What's your name and how are you?"],
    ["en", "What's her name?"],
    ["en", "Who is this?"],
    ["en", "How are you going to pay for it?"],
    ["en", "What scheduled jobs do I have tomorrow?"],
    ["en", "What's on my schedule?"],
    ["en", "What are my tasks?"],
    ["en", "Is my download running?"],
    ["en", "Say hello to Anna"],
    ["en", "Don't tell me what your name is or I hang up"],
    ["en", "No tasks are running, right?"],
    ["en", "Good night"],
    ["zh", "你好吗我想订餐"],
    ["zh", "他叫什么名字"],
    ["zh", "这个任务正在运行吗"],
    ["zh", "明天有哪些定时任务"],
    ["ja", "あの実行中のタスクは何ですか"],
    ["ja", "誰ですか"],
    ["ko", "안녕"],
    ["ko", "그 실행 중인 작업이 뭐야"],
    ["es", "¿Cómo se llama?"],
    ["it", "Ciao!"],
    ["fr", "Ça va"],
    ["pt", "Tudo bem"],
    ["de", "Wie heißen sie?"],
    // The language decides which words count.
    ["de", "What is your name?"],
  ])("%s: %j", (language, words) => {
    expect(find(words, language)).toBeUndefined();
  });

  it("somebody else's name is not the agent's", () => {
    expect(find("Hello Robin", "en", "Robin")).toBe(greeting);
    expect(find("Hello Peter", "en", "Robin")).toBeUndefined();
    expect(recognition.find("Hello Robin", "en", undefined)).toBeUndefined();
    expect(find("你好，小助手", "zh", "小助手")).toBe(greeting);
  });
});

/** Every way of asking, written out. */
const everyWay = QUICK_ANSWERS.flatMap((quickAnswer) =>
  LANGUAGES.flatMap((language) =>
    quickAnswer.asked[language].flatMap(alternatives).map((words) => ({ quickAnswer, language, words })),
  ),
);

it("every way of asking is recognised as what it asks, and no two ask the same", () => {
  for (const { quickAnswer, language, words } of everyWay) {
    expect(find(words, language), `${language}: ${words}`).toBe(quickAnswer);
    expect(words, `${language}: ${words}`).not.toMatch(/[()|]/);
  }
});

it("no filler is a question", () => {
  for (const language of LANGUAGES) {
    for (const filler of FILLERS[language]) {
      const asked = find(filler, language);
      // "hey" and the like may be all that is said; then it is a greeting.
      expect(asked === undefined || asked === greeting, `${language}: ${filler}`).toBe(true);
    }
  }
});

const way = fc.constantFrom(...everyWay);

describe("property", () => {
  it("fillers around a question change nothing", () => {
    const around = (language: Language) =>
      fc.array(fc.constantFrom(...FILLERS[language], "Robin"), { maxLength: 3 });
    const utterance = way.chain((asked) =>
      fc.record({ asked: fc.constant(asked), before: around(asked.language), after: around(asked.language) }),
    );
    fc.assert(
      fc.property(utterance, ({ asked, before, after }) => {
        const words = [...before, asked.words, ...after].join(", ");
        expect(find(words, asked.language), words).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  it("a word beyond the question, wherever it stands, leaves the turn to the model", () => {
    // Words that no table of ours has, in the letters of the language's script and of others.
    const beyond = fc.oneof(
      fc.stringMatching(/^[a-z]{2,8}qx[0-9]{0,2}$/),
      fc.stringMatching(/^[0-9]{1,6}$/),
      fc.constantFrom(
        "明朝",
        "龍",
        "ほぬ",
        "뷁",
        "щъ",
        "ظظ",
        "tomorrow",
        "mañana",
        "demain",
        "please-call",
        "x",
      ),
    );
    fc.assert(
      fc.property(way, beyond, fc.double({ min: 0, max: 1, noNaN: true }), (asked, word, where) => {
        const units = asked.words.split(" ");
        units.splice(Math.round(where * units.length), 0, word);
        expect(find(units.join(" "), asked.language), units.join(" ")).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("two different questions at once are one too many", () => {
    fc.assert(
      fc.property(way, way, (first, second) => {
        fc.pre(first.language === second.language && first.quickAnswer !== second.quickAnswer);
        fc.pre(first.quickAnswer !== greeting && second.quickAnswer !== greeting);
        expect(find(`${first.words}. ${second.words}`, first.language)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("nothing that anybody may say throws", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 2_000 }),
        fc.constantFrom(...LANGUAGES),
        (words, language) => {
          const found = find(words, language);
          if (found !== undefined) expect(unitsOf(words).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
