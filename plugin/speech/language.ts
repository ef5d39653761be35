// Owns the guess which language a text is in: by its script, then by its commonest words, then by trigrams.
import { franc } from "franc-min";

/** Characters looked at; a caller's turn is shorter, and more would not change the answer. */
const SAMPLE_LENGTH = 400;
/** Below this many characters trigrams guess worse than the fallback does (measured on callers' sentences). */
const TRIGRAM_MINIMUM = 50;
/** Share of a text's words that must be common words of a language before the words decide. */
const COMMON_WORD_SHARE = 0.15;

/**
 * A script, how its text is counted (by written words, or by characters where words are not spaced),
 * and the language meant when nothing narrows it.
 */
const SCRIPTS: readonly { script: string; unit: "word" | "character"; language: string }[] = [
  { script: "Latin", unit: "word", language: "" },
  { script: "Han", unit: "character", language: "zh" },
  { script: "Hiragana", unit: "character", language: "ja" },
  { script: "Katakana", unit: "character", language: "ja" },
  { script: "Hangul", unit: "word", language: "ko" },
  { script: "Arabic", unit: "word", language: "ar" },
  { script: "Cyrillic", unit: "word", language: "ru" },
  { script: "Hebrew", unit: "word", language: "he" },
  { script: "Devanagari", unit: "word", language: "hi" },
  { script: "Thai", unit: "character", language: "th" },
  { script: "Greek", unit: "word", language: "el" },
  { script: "Armenian", unit: "word", language: "hy" },
  { script: "Georgian", unit: "word", language: "ka" },
  { script: "Bengali", unit: "word", language: "bn" },
  { script: "Gurmukhi", unit: "word", language: "pa" },
  { script: "Gujarati", unit: "word", language: "gu" },
  { script: "Tamil", unit: "word", language: "ta" },
  { script: "Telugu", unit: "word", language: "te" },
  { script: "Kannada", unit: "word", language: "kn" },
  { script: "Malayalam", unit: "word", language: "ml" },
  { script: "Sinhala", unit: "word", language: "si" },
  { script: "Myanmar", unit: "character", language: "my" },
  { script: "Khmer", unit: "character", language: "km" },
  { script: "Lao", unit: "character", language: "lo" },
  { script: "Ethiopic", unit: "word", language: "am" },
];

/** One run of letters of one script; the run's named group is the script. */
const SCRIPT_RUN = new RegExp(
  SCRIPTS.map(({ script }) => `(?<${script}>[\\p{Script=${script}}\\p{M}]+)`).join("|"),
  "gu",
);

/** Letters that tell languages of one script apart. */
const TELLING_LETTERS: readonly { script: string; letters: RegExp; language: string }[] = [
  { script: "Arabic", letters: /[ٹڈڑےں]/u, language: "ur" },
  { script: "Arabic", letters: /[پچژگ]/u, language: "fa" },
  { script: "Cyrillic", letters: /[іїєґ]/iu, language: "uk" },
];

/** The commonest small words of the languages a short Latin text is told apart by. */
const COMMON_WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  en: words(
    "the and is are am was you your my me i it it's i'm i'd i'll what what's who how when where why this that of to for with can could would will please do does did don't have has not at on be there hello thanks yes about from we they he she",
  ),
  es: words(
    "el los las una unos y que qué es está están son soy estoy eres mi mis tu por para con del al cómo cuándo dónde quién hoy mañana hola gracias sí favor quiero puedes puede tengo tiene necesito hay muy pero lo le se más no hora dime cuál también ahora buenos días",
  ),
  fr: words(
    "le les des du et est sont suis es je tu il elle nous vous mon ma mes ton ta tes votre que qu'est qui quoi quel quelle quand où comment pour avec dans sur ne pas plus c'est j'ai au aux demain merci bonjour oui moi peux peut dois une l'heure ça s'il d'un rendez-vous aujourd'hui",
  ),
  de: words(
    "der die das den dem ein eine einen einem und ist sind bin ich du er sie es wir ihr mir mich dir mein meine meinen dein nicht kein mit für auf von zu im am wie was wer wann wo warum heute morgen bitte danke hallo ja kannst können muss habe hat steht auch noch uhr gibt",
  ),
  pt: words(
    "o os um uma e é está estão são sou estou meu minha meus minhas seu sua que como quando onde quem hoje amanhã olá obrigado obrigada sim por para com do da dos das no na não mais você tenho tem preciso pode há também agora muito mas tudo bem horas quais à",
  ),
  it: words(
    "il lo gli le un una uno e è sono sei mio mia miei mie tuo che cosa chi come quando dove perché oggi domani ciao grazie sì per con del della dei di da in non più ho ha devo puoi può c'è anche adesso molto ma mi ti si fa ore favore stai quale quali questo dimmi alle",
  ),
  nl: words(
    "de het een en is zijn ben ik jij je hij wij mijn jouw niet geen met voor op van te naar hoe wat wie wanneer waar waarom vandaag morgen alstublieft alsjeblieft dank hallo kun kunt kan moet heb heeft ook nog maar dat dit er aan uur",
  ),
};

/** What the trigrams may answer (ISO 639-3, as franc names them) and its BCP 47 name. */
const TRIGRAM_LANGUAGES: Readonly<Record<string, string>> = {
  eng: "en",
  spa: "es",
  fra: "fr",
  deu: "de",
  por: "pt",
  ita: "it",
  nld: "nl",
  pol: "pl",
  tur: "tr",
  vie: "vi",
  ind: "id",
  ron: "ro",
  swe: "sv",
  ces: "cs",
  hun: "hu",
};
const TRIGRAM_OPTIONS = { only: Object.keys(TRIGRAM_LANGUAGES) };

/**
 * The language a text is most likely in, as a BCP 47 primary subtag ("en", "zh", "ar").
 *
 * @param text What was said or is to be said, in any script.
 * @param fallback The answer where the text does not tell: too short, or no letters at all.
 */
export function detectLanguage(text: string, fallback = "en"): string {
  const sample = text.slice(0, SAMPLE_LENGTH);
  const counts = countScripts(sample);
  const kana = (counts.get("Hiragana") ?? 0) + (counts.get("Katakana") ?? 0);
  const han = counts.get("Han") ?? 0;
  // Chinese borrows the odd kana (の); Japanese is full of them, except in the shortest of answers.
  if (han > 0 && (kana > han / 6 || (kana === 0 && han <= 6 && fallback === "ja"))) {
    counts.set("Hiragana", kana + han);
    counts.delete("Han");
  }
  const most = [...counts].sort((left, right) => right[1] - left[1])[0];
  if (!most) return fallback;
  if (most[0] === "Latin") return latinLanguage(sample, fallback);
  const telling = TELLING_LETTERS.find(({ script, letters }) => script === most[0] && letters.test(sample));
  return telling?.language ?? SCRIPTS.find(({ script }) => script === most[0])?.language ?? fallback;
}

/** How much of a text each script writes, in words or in characters; scripts that are absent are left out. */
function countScripts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const match of text.matchAll(SCRIPT_RUN)) {
    for (const { script, unit } of SCRIPTS) {
      const run = match.groups?.[script];
      if (run !== undefined)
        counts.set(script, (counts.get(script) ?? 0) + (unit === "word" ? 1 : run.length));
    }
  }
  return counts;
}

function latinLanguage(text: string, fallback: string): string {
  const said = text.toLowerCase().match(/[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*/gu) ?? [];
  const votes = Object.entries(COMMON_WORDS)
    .map(([language, common]) => ({
      language,
      votes: said.filter((word) => common.has(word.replace("’", "'"))).length,
    }))
    .sort((left, right) => right.votes - left.votes);
  const [first, second] = votes;
  const clear = first !== undefined && first.votes > (second?.votes ?? 0);
  if (clear && first.votes >= said.length * COMMON_WORD_SHARE) return first.language;
  if (text.length < TRIGRAM_MINIMUM) return fallback;
  return TRIGRAM_LANGUAGES[franc(text, TRIGRAM_OPTIONS)] ?? fallback;
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
