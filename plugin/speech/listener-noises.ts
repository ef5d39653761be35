// Owns telling the noises of somebody who listens ("uh-huh", "嗯") from words that want an answer, the words that
// want silence, and a goodbye.

/** Noises by language: `*` holds what every language's speakers make. Written without marks. */
const NOISES: Readonly<Record<string, readonly string[]>> = {
  "*": list("mm, mhm, mm hm, mm hmm, hm, hmm, uh huh, uhhuh, aha, ah, oh, ok, okay, okey, oke, eh"),
  en: list(
    "yeah, yep, yup, yes, right, sure, i see, got it, alright, all right, gotcha, cool, great, good, nice, fine, uh, um, wow, really, of course",
  ),
  zh: list(
    "嗯, 哦, 噢, 喔, 啊, 哎, 唉, 呃, 额, 好, 好的, 好吧, 行, 对, 对的, 是, 是的, 是吗, 知道, 知道了, 明白, 明白了, 了解, 可以, 没错, 原来如此",
  ),
  ja: list(
    "はい, ええ, うん, あ, ああ, へえ, ほう, ふうん, ふーん, なるほど, そう, そうか, そうですか, そうですね, そうなんだ, わかりました, 分かりました, 了解, 了解です, オーケー",
  ),
  ko: list(
    "네, 예, 응, 어, 음, 아, 오, 그래, 그래요, 그렇군요, 그렇구나, 맞아, 맞아요, 알겠어요, 알겠습니다, 알았어, 오케이, 좋아, 좋아요",
  ),
  ru: list(
    "угу, ага, да, так, ну, ну да, хорошо, ладно, понятно, понял, поняла, ясно, окей, ок, м, мм, хм, э, конечно, точно",
  ),
  ar: list(
    "نعم, أيوه, ايوه, أيوا, ايوا, اه, آه, أها, اها, طيب, حسنا, حسنًا, تمام, أوكي, اوكي, صح, صحيح, ماشي, فهمت, ممم",
  ),
  es: list(
    "sí, si, ajá, aja, vale, claro, bueno, bien, ya, ya veo, de acuerdo, entiendo, entendido, exacto, perfecto, muy bien, por supuesto",
  ),
  fr: list(
    "oui, ouais, d'accord, bien, très bien, bon, ah bon, hum, euh, je vois, exact, c'est ça, entendu, voilà, bien sûr, parfait, compris",
  ),
  de: list(
    "ja, jaja, jo, jep, genau, gut, ach so, achso, ach, klar, alles klar, stimmt, verstehe, verstanden, in ordnung, na gut, äh, ähm, richtig, sehr gut",
  ),
  pt: list(
    "sim, tá, tá bom, está bem, tudo bem, certo, claro, bom, aham, uhum, entendi, percebi, entendo, beleza, pois, pois é, exato, muito bem, isso",
  ),
  it: list(
    "sì, si, va bene, certo, bene, capito, ho capito, capisco, già, d'accordo, esatto, ecco, perfetto, giusto, beh, benissimo",
  ),
};

/** Words that want the speaking to stop, in all languages: they are few and clear. */
const STOPS: readonly string[] = [
  ...list(
    "stop, wait, wait a second, wait a minute, hold on, hang on, one second, one moment, just a moment, never mind, nevermind, be quiet, quiet, shut up, enough, that's enough, cancel, pause, stop talking, stop it",
  ),
  ...list(
    "停, 停下, 停一下, 别说了, 不要说了, 等, 等等, 等一下, 等一等, 等会儿, 稍等, 慢着, 打住, 安静, 闭嘴, 够了, 算了, 取消, 暂停",
  ),
  ...list(
    "待って, 待ってください, ちょっと待って, ちょっと待ってください, ストップ, 止めて, 止めてください, やめて, やめてください, 静かに, もういい, もういいです, キャンセル",
  ),
  ...list(
    "잠깐, 잠깐만, 잠깐만요, 잠시만, 잠시만요, 기다려, 기다려요, 기다려 주세요, 그만, 그만해, 그만하세요, 멈춰, 멈추세요, 스톱, 됐어, 됐어요, 조용히, 취소",
  ),
  ...list(
    "стоп, стой, стойте, подожди, подождите, погоди, погодите, постой, постойте, минуту, минутку, секунду, хватит, довольно, тихо, замолчи, замолчите, отмена, не надо",
  ),
  ...list("توقف, توقفي, قف, انتظر, انتظري, لحظة, دقيقة, اسكت, كفى, يكفي, خلاص, استنى, إلغاء, الغاء"),
  ...list(
    "para, pare, parar, detente, alto, espera, espere, espera un momento, un momento, un segundo, basta, silencio, cállate, cancela, déjalo",
  ),
  ...list(
    "arrête, arrêtez, attends, attendez, attends une seconde, une seconde, un instant, une minute, ça suffit, silence, tais toi, taisez vous, annule, annulez, laisse tomber",
  ),
  ...list(
    "stopp, halt, warte, warten sie, warte mal, moment, moment mal, einen moment, eine sekunde, sekunde, hör auf, hören sie auf, genug, es reicht, ruhe, sei still, abbrechen, lass es",
  ),
  ...list(
    "espere um momento, um momento, um segundo, espera aí, peraí, chega, silêncio, cala a boca, cancelar, deixa, deixa pra lá",
  ),
  ...list(
    "ferma, fermati, fermo, aspetta, aspetti, aspetta un attimo, un attimo, un momento, un secondo, silenzio, zitto, zitta, annulla, lascia stare",
  ),
];

/** What may stand beside a word that stops. */
const COURTESIES: readonly string[] = list(
  "please, no, hey, sorry, now, 请, 不, 不是, すみません, いや, 아니, 아니요, пожалуйста, нет, من فضلك, لا, por favor, perdón, s'il te plaît, s'il vous plaît, non, pardon, bitte, nein, não, desculpe, per favore, scusa",
);
/** What somebody says last, in all languages. */
const GOODBYES: readonly string[] = [
  ...list("goodbye, good bye, bye, bye bye"),
  ...list("再见, 再會, 拜拜, 再见了"),
  ...list("さようなら, さよなら, 失礼します, 失礼いたします, バイバイ, それでは失礼します, では失礼します"),
  ...list("안녕히 계세요, 안녕히 가세요, 끊을게요, 끊겠습니다"),
  ...list("до свидания, всего доброго, всего хорошего, пока"),
  ...list("مع السلامة, إلى اللقاء, وداعا"),
  ...list("adiós, hasta luego, hasta pronto, chao"),
  ...list("au revoir, adieu"),
  ...list("auf wiederhören, auf wiedersehen, tschüss, tschüs"),
  ...list("até logo, tchau, adeus, até breve"),
  ...list("arrivederci, ciao ciao, addio"),
];
/** What may stand beside a goodbye. */
const BESIDE_GOODBYES: readonly string[] = list(
  "and, then, now, so, well, sir, madam, for now, and goodbye, 那, 那么, 您, では, それでは, 그럼, ну, тогда, y, entonces, alors, et, dann, und, então, e, allora",
);
const ARABIC_VOWEL_SIGNS = /[\u064B-\u0652\u0640]/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;

const NOTHING: ReadonlySet<string> = new Set();
const ALL_NOISES = entries(Object.values(NOISES).flat());
const STOP_ENTRIES = entries(STOPS);
const GOODBYE_ENTRIES = entries(GOODBYES);
const BESIDE_GOODBYE = entries([...BESIDE_GOODBYES, ...COURTESIES, ...Object.values(NOISES).flat()]);
const BESIDE_STOP = entries([...COURTESIES, ...Object.values(NOISES).flat()]);
/** In the words or characters that entries are compared by. */
const LONGEST_ENTRY = Math.max(
  ...[...BESIDE_STOP, ...STOP_ENTRIES, ...BESIDE_GOODBYE, ...GOODBYE_ENTRIES].map(
    (entry) => entry.split(" ").length,
  ),
);
const SENTENCE_BOUNDARY = /[\p{Sentence_Terminal}\n]+/u;
/** Where one part of a sentence ends and the next begins. What follows a colon is quoted or named. */
const PART_BOUNDARY = /[\p{Sentence_Terminal}\n,;，、；،؛—–]+/u;
const noisesByLanguage = new Map<string, ReadonlySet<string>>();

/**
 * Is this whole utterance nothing but noises of a listener, in any number ("Uh-huh, uh-huh.", "嗯嗯，好的")?
 *
 * @param language BCP 47 primary language: its noises and English ones count; every table's where it is not given.
 */
export function isListenerNoise(text: string, language?: string): boolean {
  return composition(text, noisesOf(language), NOTHING) !== undefined;
}

/** Is this whole utterance a wish for silence ("Stop!", "No, wait please.", "等一下"), in any language? */
export function isStopWord(text: string): boolean {
  return composition(text, BESIDE_STOP, STOP_ENTRIES) === "withTelling";
}

/**
 * Does this text end with a goodbye ("Thank you for your help, goodbye!", "谢谢，再见。"), in any language? The last
 * part of its last sentence must be nothing else.
 *
 * @param options.whole the whole last sentence must be nothing else ("Okay then, goodbye!")
 */
export function endsWithGoodbye(text: string, { whole }: { whole: boolean } = { whole: false }): boolean {
  if (endsWithQuestion(text)) return false;
  const last = text
    .split(whole ? SENTENCE_BOUNDARY : PART_BOUNDARY)
    .filter((part) => /[\p{L}\p{N}]/u.test(part))
    .at(-1);
  return last !== undefined && composition(last, BESIDE_GOODBYE, GOODBYE_ENTRIES) === "withTelling";
}

/** Does what was said last want an answer? Read from its marks, and from the words that ask without one. */
export function endsWithQuestion(text: string): boolean {
  const end = text.trimEnd().replace(/[\p{Pe}\p{Pf}"'*_\s]+$/gu, "");
  if (/[?？؟⁇⁈⁉⸮፧\u037E][!！.。]*$/u.test(end)) return true;
  // The Greek mark is typed as a semicolon; the Armenian one stands inside the last word.
  if (/;$/u.test(end) && /\p{Script=Greek}/u.test(end)) return true;
  return /՞[^։.]*$/u.test(end) || /[か吗嗎呢][。．.]?$/u.test(end);
}

function noisesOf(language: string | undefined): ReadonlySet<string> {
  if (language === undefined) return ALL_NOISES;
  const known =
    noisesByLanguage.get(language) ??
    entries([...(NOISES["*"] ?? []), ...(NOISES.en ?? []), ...(NOISES[language] ?? [])]);
  noisesByLanguage.set(language, known);
  return known;
}

/**
 * Can the utterance be put together from these entries alone, and is one of the telling ones among them?
 * Undefined where other words are in it, or none at all.
 */
function composition(
  text: string,
  known: ReadonlySet<string>,
  telling: ReadonlySet<string>,
): "plain" | "withTelling" | undefined {
  const units = unitsOf(text);
  /** For each number of units: how an utterance of so many can be put together. */
  const reached: ("plain" | "withTelling" | undefined)[] = ["plain"];
  for (let end = 1; end <= units.length; end++) {
    for (let start = Math.max(0, end - LONGEST_ENTRY); start < end; start++) {
      const before = reached[start];
      if (before === undefined) continue;
      const entry = units.slice(start, end).join(" ");
      if (telling.has(entry)) reached[end] = "withTelling";
      else if (known.has(entry)) reached[end] = reached[end] === "withTelling" ? "withTelling" : before;
    }
  }
  return units.length === 0 ? undefined : reached[units.length];
}

function entries(list: readonly string[]): ReadonlySet<string> {
  return new Set(list.map((entry) => unitsOf(entry).join(" ")));
}

/** An utterance as the words it is compared by, or characters where words are not spaced; drawn out letters once. */
function unitsOf(text: string): string[] {
  const letters = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(ARABIC_VOWEL_SIGNS, "")
    .replace(/[ー〜~]/gu, "")
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .replace(/([\p{L}])\1+/gu, "$1")
    .replace(UNSPACED, " $& ");
  return letters.split(" ").filter((unit) => unit !== "");
}

function list(words: string): readonly string[] {
  return words.split(", ");
}
