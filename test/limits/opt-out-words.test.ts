import { describe, expect, test } from "vitest";
import { isOptIn, isOptOut } from "../../plugin/limits/opt-out-words.ts";

/** What people write and say who want no more calls and texts; each line counts in both. */
const WISHES: Readonly<Record<string, readonly string[]>> = {
  en: [
    "Don't call me again.",
    "Please do not ever call this number again",
    "don’t call again!",
    "DO NOT TEXT ME ANYMORE",
    "Never contact us again, thank you",
    "Stop calling me!",
    "Could you please stop texting me?",
    "Stop these calls.",
    "Take me off your list, please.",
    "Remove my number from your calling list",
    "Please take us off of your database.",
    "Put me on your do-not-call list",
    "I'm on the do not call registry.",
    "I would like to unsubscribe",
    "Please unsubscribe me",
    "I don't want any more calls",
    "I don't want you to call me again.",
    "No more calls please.",
    "Lose my number",
    "Leave me alone!",
    "Look, I've told you before. Don't call here. Goodbye.",
    "Don't call me.",
    "You people never stop. Don't call again.",
    "I'm at work right now. Don't call me again, ok?",
    "I'm busy so don't call here again",
    "I dont want u to call me",
    "Please quit calling me",
    "From today on, don't call me again",
    "Don't call me again after today",
    "Don't contact my wife again",
    'I said "no" twice. Stop calling me.',
  ],
  de: [
    "Rufen Sie mich nicht mehr an!",
    "Bitte rufen Sie hier nie wieder an.",
    "ruf mich nicht mehr an",
    "Rufen Sie mich bitte nicht an.",
    "Ich möchte nicht mehr angerufen werden",
    "Bitte nicht mehr anrufen",
    "Hören Sie auf, mich anzurufen!",
    "Streichen Sie mich von Ihrer Liste.",
    "Löschen Sie bitte meine Nummer aus Ihrer Datenbank",
    "Keine Anrufe mehr, bitte",
    "Lassen Sie mich in Ruhe!",
    "Schreiben Sie mir nicht mehr",
    "Melden Sie sich nicht mehr bei mir.",
    "Ab heute rufen Sie mich nicht mehr an.",
  ],
  fr: [
    "Ne m'appelez plus !",
    "Ne m’appelez plus jamais",
    "Merci de ne plus m'appeler.",
    "N'appelez plus ici",
    "Arrêtez de m'appeler",
    "Arretez de nous harceler",
    "Retirez-moi de votre liste",
    "Supprimez mon numéro de vos fichiers s'il vous plaît",
    "Laissez-moi tranquille",
    "Je veux me désabonner",
    "ne m'envoyez plus de messages",
    "A partir d'aujourd'hui, ne m'appelez plus",
  ],
  es: [
    "No me llame más",
    "no me llamen mas por favor",
    "No vuelva a llamarme",
    "Deje de llamarme.",
    "Dejen de mandarme mensajes",
    "Quíteme de su lista",
    "Borren mi número de la lista",
    "Quiero darme de baja",
    "No más llamadas",
    "Déjenme en paz",
  ],
  it: [
    "Non mi chiami più",
    "Non chiamatemi mai più!",
    "Smettetela di chiamarmi",
    "Basta chiamate",
    "Mi tolga dalla vostra lista",
    "Cancellate il mio numero dal database",
    "Lasciatemi in pace",
  ],
  pt: [
    "Não me ligue mais",
    "nao liguem mais para este numero",
    "Pare de me ligar!",
    "Tire meu número da sua lista",
    "Remova-me da lista",
    "Nunca mais me ligue",
    "Me deixe em paz",
  ],
  nl: [
    "Bel mij niet meer",
    "Bel me nooit meer!",
    "Ik wil niet meer gebeld worden",
    "Stop met bellen",
    "Haal mij van uw lijst",
    "Verwijder mijn nummer uit het systeem",
    "Laat me met rust",
  ],
  pl: [
    "Proszę do mnie nie dzwonić",
    "Nie dzwoń do mnie więcej",
    "Więcej do mnie nie dzwońcie!",
    "Przestańcie do mnie dzwonić",
    "Proszę mnie usunąć… usuńcie mnie z waszej listy",
    "Wypiszcie mnie",
    "nie pisz do mnie wiecej",
  ],
  ru: [
    "Больше мне не звоните",
    "Не звоните мне больше!",
    "Никогда сюда не звоните.",
    "Не звоните мне.",
    "Перестаньте мне звонить",
    "Хватит звонить",
    "Удалите мой номер из вашей базы",
    "Вычеркните меня из списка",
    "Оставьте меня в покое",
  ],
  tr: [
    "Beni bir daha aramayın",
    "Lütfen artık beni aramayın.",
    "BENİ ARAMAYIN",
    "Aramayı kesin",
    "Beni listenizden çıkarın",
    "Numaramı listeden silin",
    "Bana mesaj atmayın",
  ],
  zh: [
    "不要再打电话给我了",
    "请不要再打了",
    "别再打电话来了！",
    "請勿再來電",
    "以后别打电话了",
    "別再聯絡我",
    "不要给我打电话。",
    "停止给我发短信",
    "把我从你们的名单上删掉",
    "請將我的號碼從名單中移除",
    "请删除我的号码",
    "我要退订",
    "不要再給我發簡訊了",
    "从今天起别再打给我",
    "我在上班，别再打电话来了",
    "烦死了别打了",
    "不用再打电话给我了",
  ],
  ja: [
    "もう電話しないでください",
    "二度とかけてこないで",
    "電話をかけないでください。",
    "今後は連絡しないでください",
    "勧誘の電話はお断りします",
    "リストから外してください",
    "私の番号を名簿から削除してください",
    "配信停止してください",
    "今後電話しないでください",
    "今日から電話しないでください",
  ],
  ko: [
    "다시는 전화하지 마세요",
    "전화하지 말아 주세요",
    "더 이상 연락하지 마십시오",
    "이제 전화 그만하세요",
    "문자 보내지 마세요",
    "명단에서 제 번호를 빼 주세요",
    "수신거부 해주세요",
    "오늘부터 전화하지 마세요",
  ],
  ar: [
    "لا تتصل بي مرة أخرى",
    "لا تتصلوا بي بعد الآن",
    "لا تتصل بي من فضلك",
    "توقفوا عن الاتصال بي",
    "احذف رقمي من القائمة",
    "لَا تَتَّصِل بِي أَبَدًا",
  ],
  hi: [
    "मुझे दोबारा कॉल मत करना",
    "कृपया मुझे फ़ोन मत कीजिए",
    "कॉल करना बंद करो",
    "मेरा नंबर लिस्ट से हटा दो",
    "mujhe dobara call mat karo",
  ],
};

/** What sounds like it, and is none. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  en: [
    "Please call me again tomorrow.",
    "Don't stop calling me, I need this.",
    "Why don't you call me?",
    "Don't hang up!",
    "Don't call me before noon.",
    "Your order is ready. Reply STOP to unsubscribe.",
    "Msg&data rates may apply. Text STOP to opt out, HELP for help.",
    "We do not call people back.",
    "The bus stop is right here",
    "I can't stop texting you",
    "If you don't call me, I will be sad",
    "Take the bread off your shopping list",
    "Can I leave a message?",
    "Nobody has called again.",
    "Reply STOP to end. Msg&data rates may apply",
    "stop by at nine",
    "I can't stop laughing",
    "please don't stop",
    "Can you stop the delivery?",
    "Don't call again before nine",
    "Don't call me again until Monday.",
    "Please don't call again today, I'm in a meeting",
    "Don't text me again while I'm driving",
    "Stop texting while driving",
    "Don't ever call me at work again, use my mobile",
    "Don't call again so early",
    "Don't call me again at this hour!",
    "Don't call me again for a week",
    "Don't call me, I'll call you.",
    "Please don't contact me again, I will get back to you",
    "Never call me a liar again",
    "Don't ring the bell again",
    "I will never call you again",
    "They don't want to be called again later than five",
    "Should I stop calling you?",
    "Do you want me to stop calling?",
    "Stop calling it that",
    "Stop calling my brother names",
    'He said: "stop calling me"',
    "“Don't call me again” - what a line!",
    "Liked “Stop calling me”",
    "> Stop calling me\nWho wrote this?",
  ],
  de: [
    "Rufen Sie mich morgen wieder an.",
    "Rufen Sie mich nicht vor neun an",
    "Ich kann heute leider nicht mehr anrufen",
    "Legen Sie nicht auf!",
    "Antworten Sie mit STOPP, um den Dienst abzubestellen",
    "Bitte heute nicht mehr anrufen",
    "Rufen Sie mich nicht mehr so spät an",
    "Rufen Sie mich nicht mehr an, ich rufe Sie an",
    "„Rufen Sie mich nicht mehr an“, hat er geschrieben",
  ],
  fr: [
    "Appelez-moi plus tard",
    "Il ne m'appelle plus",
    "Ne m'appelez plus tard que dix heures, s'il vous plaît",
    "Envoyez STOP au 36111 pour vous désabonner",
    "Ne m'appelez plus aujourd'hui",
    "Ne m'appelez plus avant dix heures",
  ],
  es: [
    "Llámeme más tarde",
    "No deje de llamarme",
    "No me llame más tarde, venga ya",
    "Hoy no me llame más",
    "No me llame más antes de las nueve",
  ],
  it: [
    "Mi chiami più tardi",
    "Non smetta di chiamarmi",
    "Perché non mi chiami più?",
    "Non mi chiami più oggi",
  ],
  pt: ["Ligue mais tarde", "Não pare de me ligar", "Hoje não me ligue mais"],
  nl: ["Bel mij morgen weer", "Ik bel niet meer vandaag", "Bel mij vandaag niet meer"],
  pl: ["Zadzwoń do mnie więcej razy", "Telefon nie dzwoni już", "Nie dzwoń do mnie dzisiaj więcej"],
  ru: [
    "Почему вы не звоните мне?",
    "Позвоните мне больше не завтра, а сегодня",
    "Сегодня больше не звоните",
    "Не звоните мне больше так поздно",
  ],
  tr: ["Beni yarın tekrar arayın", "Artık arama yapabilirsiniz", "Bugün beni bir daha aramayın"],
  zh: [
    "请明天再打电话给我",
    "不要打断我",
    "你别一直打断我说话",
    "不要再打折了",
    "【银行】您的验证码是1234，回T退订",
    "别挂电话",
    "不要再发货了",
    "你们不要再打错了",
    "请不要今天再打电话，明天可以",
    "别在晚上再打电话了",
    "九点之前别再打电话",
    "别打了，我会打给你",
    "「别再打给我」是什么意思？",
  ],
  ja: [
    "あとで電話してください",
    "電話を切らないでください",
    "もう電話しましたか",
    "今日はもう電話しないで、明日かけて",
    "電話をかけないでいいよ",
    "夜は電話しないでください",
  ],
  ko: [
    "나중에 전화해 주세요",
    "전화 끊지 마세요",
    "전화를 끊지 마세요",
    "[Web발신] 무료수신거부 0801234567",
    "오늘은 전화하지 마세요",
    "회의 중이니 전화하지 마세요",
  ],
  ar: ["اتصل بي مرة أخرى", "لا تغلق الخط", "لا تتصل بي مرة أخرى اليوم"],
  hi: ["मुझे कल फिर से कॉल करना", "फोन मत रखिए", "अभी कॉल मत करो, शाम को करना", "आज कॉल मत करना"],
};

const cases = (table: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(table).flatMap(([language, lines]) => lines.map((line) => [language, line] as const));

test.each(cases(WISHES))("a wish in %s: %s", (_, words) => {
  expect(isOptOut(words, "text")).toBe(true);
  expect(isOptOut(words, "call")).toBe(true);
  expect(isOptOut(`Hm.\n${words}\n`, "call"), "between other lines").toBe(true);
  expect(isOptOut(words.toUpperCase(), "call"), "shouted").toBe(true);
});

test.each(cases(OTHERS))("no wish in %s: %s", (_, words) => {
  expect(isOptOut(words, "text")).toBe(false);
  expect(isOptOut(words, "call")).toBe(false);
});

describe("one word", () => {
  test.each([
    "STOP",
    "stop.",
    " Stop! ",
    "Stop please",
    "S.T.O.P",
    "ＳＴＯＰ",
    "sto\u200bp",
    "STOP ALL",
    "Unsubscribe",
    "STOP\nSent from my phone",
    "Stop. I am not interested.",
    "I am not interested. STOP",
    "Stop stop STOP!!",
    "STOPALL",
    "QUIT",
    "Remove me",
    "Do not call",
    '"STOP"',
    "> STOP",
    "“退订”",
    "STOP 😡",
    "END",
    "Cancel",
    "Bitte STOPP",
    "Arrêt",
    "BAJA",
    "SAIR",
    "Afmelden",
    "Стоп",
    "ОТПИСАТЬСЯ",
    "İPTAL",
    "退订",
    "TD",
    "T",
    "配信停止",
    "停止",
    "수신거부",
    "그만",
    "إيقاف",
    "توقف",
    "बंद",
    "बंद करो",
  ])("as a text it is a wish, on a call it interrupts: %s", (words) => {
    expect(isOptOut(words, "text")).toBe(true);
    expect(isOptOut(words, "call")).toBe(false);
  });

  test.each([
    "",
    " ",
    "👍",
    "Yes",
    "ok",
    "Can you stop by?",
    "Cancel my order, please send it again",
    "the end",
    "The bus goes on. Stop. Then it goes on.",
    "> STOP\nWhat does this mean?",
    "stop 😂",
    "Stop! lol you are killing me",
    "やめて笑",
    "START",
  ])("that is none: %j", (words) => {
    expect(isOptOut(words, "text")).toBe(false);
  });
});

test.each(["START", "start.", "Unstop", " ＳＴＡＲＴ! "])("%j takes it back", (words) => {
  expect(isOptIn(words)).toBe(true);
  expect(isOptOut(words, "text")).toBe(false);
});

test.each(["Start the car", "Please start calling again", "restart", "STOP", "yes", "", "START STOP"])(
  "%j does not",
  (words) => {
    expect(isOptIn(words)).toBe(false);
  },
);

test("a very long text costs no time", () => {
  const started = performance.now();
  isOptOut("don't call ".repeat(50_000), "text");
  isOptOut("不要再".repeat(50_000), "text");
  isOptOut("a ".repeat(50_000), "text");
  isOptOut("stop calling me before nine ".repeat(5_000), "text");
  isOptOut('"'.repeat(50_000), "text");
  isOptOut("ha".repeat(50_000), "text");
  expect(performance.now() - started).toBeLessThan(1_000);
});

test.each([
  ["전화 ", "더이상", "x"],
  ["전화", "는도", "x"],
  ["never call ", "-", ""],
  ["never call", " a", "x"],
  ["don't ", "call me ", "x"],
  ["别再", "打", "x"],
  ["电话", "不要", "x"],
  ["もう", "かけて", "x"],
  ["rufen Sie ", "nicht mehr ", "x"],
  ["ne ", "m'appelez ", "x"],
  ["", "stop ", "x"],
  ["لا ", "تتصل ", "x"],
  ["", "\u3000", "x"],
])("no text takes long, whatever is repeated in it: %j %j", (before, repeated, after) => {
  // What grows faster than the text would not be done in years.
  for (const where of ["text", "call"] as const) {
    expect(typeof isOptOut(before + repeated.repeat(4_000 / repeated.length) + after, where)).toBe("boolean");
  }
});
