import { describe, expect, test } from "vitest";
import { isOptOut } from "../../plugin/limits/opt-out-words.ts";

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
  ],
  ko: [
    "다시는 전화하지 마세요",
    "전화하지 말아 주세요",
    "더 이상 연락하지 마십시오",
    "이제 전화 그만하세요",
    "문자 보내지 마세요",
    "명단에서 제 번호를 빼 주세요",
    "수신거부 해주세요",
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
  ],
  de: [
    "Rufen Sie mich morgen wieder an.",
    "Rufen Sie mich nicht vor neun an",
    "Ich kann heute leider nicht mehr anrufen",
    "Legen Sie nicht auf!",
    "Antworten Sie mit STOPP, um den Dienst abzubestellen",
  ],
  fr: [
    "Appelez-moi plus tard",
    "Il ne m'appelle plus",
    "Ne m'appelez plus tard que dix heures, s'il vous plaît",
    "Envoyez STOP au 36111 pour vous désabonner",
  ],
  es: ["Llámeme más tarde", "No deje de llamarme", "No me llame más tarde, venga ya"],
  it: ["Mi chiami più tardi", "Non smetta di chiamarmi", "Perché non mi chiami più?"],
  pt: ["Ligue mais tarde", "Não pare de me ligar"],
  nl: ["Bel mij morgen weer", "Ik bel niet meer vandaag"],
  pl: ["Zadzwoń do mnie więcej razy", "Telefon nie dzwoni już"],
  ru: ["Почему вы не звоните мне?", "Позвоните мне больше не завтра, а сегодня"],
  tr: ["Beni yarın tekrar arayın", "Artık arama yapabilirsiniz"],
  zh: [
    "请明天再打电话给我",
    "不要打断我",
    "你别一直打断我说话",
    "不要再打折了",
    "【银行】您的验证码是1234，回T退订",
    "别挂电话",
    "不要再发货了",
  ],
  ja: ["あとで電話してください", "電話を切らないでください", "もう電話しましたか"],
  ko: ["나중에 전화해 주세요", "전화 끊지 마세요", "전화를 끊지 마세요", "[Web발신] 무료수신거부 0801234567"],
  ar: ["اتصل بي مرة أخرى", "لا تغلق الخط"],
  hi: ["मुझे कल फिर से कॉल करना", "फोन मत रखिए", "अभी कॉल मत करो, शाम को करना"],
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
  ])("that is none: %j", (words) => {
    expect(isOptOut(words, "text")).toBe(false);
  });
});

test("a very long text costs no time", () => {
  const started = performance.now();
  isOptOut("don't call ".repeat(50_000), "text");
  isOptOut("不要再".repeat(50_000), "text");
  isOptOut("a ".repeat(50_000), "text");
  expect(performance.now() - started).toBeLessThan(1_000);
});
