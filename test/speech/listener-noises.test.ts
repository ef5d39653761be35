import { describe, expect, it } from "vitest";
import {
  endsWithGoodbye,
  endsWithQuestion,
  isListenerNoise,
  isStopWord,
} from "../../plugin/speech/listener-noises.ts";
import { PHRASES } from "../../plugin/speech/phrase-tables.ts";

describe("a listener's noise", () => {
  it.each([
    ...[
      "uh-huh",
      "Uh-huh, uh-huh.",
      "okay",
      "OK!",
      "okaaay",
      "Mmmm",
      "mm-hmm",
      "Yeah, right.",
      "I see…",
      "ＯＫ",
    ],
    ...[
      "嗯",
      "嗯嗯",
      "嗯，好的。",
      "哦",
      "好的好的",
      "对对对",
      "はい",
      "はーい",
      "うんうん",
      "そうですね。",
      "네네",
      "음",
    ],
    ...[
      "угу",
      "Ага, да.",
      "aha",
      "vale",
      "d'accord",
      "D’accord !",
      "ach so",
      "Va bene.",
      "حسنًا",
      "أها",
      "tá bom",
    ],
  ])("is %s", (text) => {
    expect(isListenerNoise(text)).toBe(true);
  });

  it.each([
    ...["", "…", "no", "okay call Bob", "right now please", "yes I want pizza", "not okay", "stop"],
    ...["你好", "嗯你说的对吗", "好的，明天见", "はいってください", "да нет", "не надо", "لا"],
  ])("is not: %s", (text) => {
    expect(isListenerNoise(text)).toBe(false);
  });

  it("is looked up in the caller's language and in English", () => {
    expect(isListenerNoise("vale", "es")).toBe(true);
    expect(isListenerNoise("vale", "zh")).toBe(false);
    expect(isListenerNoise("okay", "zh")).toBe(true);
    expect(isListenerNoise("嗯嗯", "fi")).toBe(false);
    expect(isListenerNoise("mhm", "fi")).toBe(true);
  });
});

describe("a word that stops", () => {
  it.each([
    ...["stop", "Stop, stop!", "wait", "Hold on.", "No, wait please.", "okay stop", "Stooop", "never mind"],
    ...[
      "停",
      "停停停",
      "等一下",
      "别说了！",
      "ちょっと待ってください",
      "ストップ",
      "잠깐만요",
      "стоп",
      "Подожди, пожалуйста",
    ],
    ...["espera", "un momento", "attends", "Moment mal", "peraí", "aspetta", "توقف من فضلك"],
  ])("is %s", (text) => {
    expect(isStopWord(text)).toBe(true);
  });

  it.each([
    "",
    "okay",
    "please",
    "wait for me at the station",
    "where is the stop",
    "para mañana",
    "等一下给我打电话",
    "嗯",
  ])("is not: %s", (text) => {
    expect(isStopWord(text)).toBe(false);
  });
});

describe("a question", () => {
  it.each([
    ...[
      "Really?",
      "What?!",
      "“Shall I?”",
      "(Shall I?)",
      "**Shall I?**",
      "要我订吗？",
      "要我订吗",
      "要不要呢。",
    ],
    ...[
      "هل أحجز؟",
      "Τι κάνεις;",
      "Τι κάνεις\u037E",
      "予約しますか。",
      "予約しますか",
      "Ինչպե՞ս ես",
      "Забронировать?",
    ],
  ])("is %s", (text) => {
    expect(endsWithQuestion(text)).toBe(true);
  });

  it.each(["", "No.", "Yes; it is", "for (;;) is a loop;", "Really? Yes.", "はい。", "好的。", "a ? b"])(
    "is not: %s",
    (text) => {
      expect(endsWithQuestion(text)).toBe(false);
    },
  );
});

describe("a goodbye", () => {
  it.each([
    ...["Goodbye.", "Thank you for your help, goodbye!", "It is booked. Bye, bye!", "Okay then, bye"],
    ...[
      "谢谢，再见。",
      "好的，再见！",
      "ありがとうございました。失礼いたします。",
      "감사합니다. 안녕히 계세요.",
    ],
    ...["Спасибо, до свидания!", "شكرًا، مع السلامة.", "Gracias, adiós.", "Merci, au revoir !"],
    ...["Vielen Dank, auf Wiederhören.", "Obrigado, tchau!", "Grazie, arrivederci."],
    ...Object.values(PHRASES).flatMap(({ fixed }) => [fixed.goodbye, fixed.givingUp]),
  ])("ends: %s", (text) => {
    expect(endsWithGoodbye(text)).toBe(true);
  });

  it.each([
    ...[
      "",
      "I told him goodbye.",
      "Goodbye is what she said",
      "Goodbye, or shall I wait?",
      "Is that goodbye?",
    ],
    ...[
      "Goodbye. One more thing: is parking free?",
      "You can say bye to the old price.",
      "In Spanish you say: adiós.",
      "他说再见",
      "再见是什么意思",
    ],
    ...Object.values(PHRASES).flatMap(({ fixed, holding }) => [fixed.failed, fixed.stillWorking, ...holding]),
  ])("does not end: %s", (text) => {
    expect(endsWithGoodbye(text)).toBe(false);
  });
});

describe("a goodbye to the owner", () => {
  it.each(["Goodbye.", "It is done. Okay then, bye!", "好的，再见。"])("ends: %s", (text) => {
    expect(endsWithGoodbye(text, { whole: true })).toBe(true);
  });

  it.each(["The song is called Hello, Goodbye.", "The film ends with au revoir, adieu, goodbye."])(
    "does not end: %s",
    (text) => {
      expect(endsWithGoodbye(text, { whole: true })).toBe(false);
    },
  );
});
