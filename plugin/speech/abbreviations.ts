// Owns the abbreviations whose full stop ends no sentence. One list for all languages: an abbreviation of
// another language costs at most a later cut, a missing one cuts a sentence in two.

/** Never the end of a sentence: something is about to be named. */
const BEFORE_A_NAME = list(
  "mr mrs ms dr prof st hon rev gen col lt sgt capt gov sen rep messrs mx sr sra srta dña mme mlle mgr dott sig sigra ing dipl hr herr fr",
);
/** The end of a sentence unless a number follows. */
const BEFORE_A_NUMBER = list(
  "no nos nr nrn núm num n.º nº p pp pg pag pág fig figs abb vol bd tel ext ch chap cap sec sect art abs ca approx jan feb mar apr jun jul aug sep sept oct okt nov dec dez",
);
/** Part of a sentence that goes on. */
const WITHIN_A_SENTENCE = list(
  "e.g i.e cf vs viz etc inc ltd corp dept est z.b d.h u.a usw bzw evtl ggf inkl zzgl vgl sog p.ej p.ex ee av avda т.е т.к т.д т.п др пр ул им руб млн млрд тыс стр",
);
/** Those that always go on, whatever the next word is. */
const ALWAYS_GOES_ON = list("e.g i.e z.b d.h p.ej p.ex т.е");
/** An initial ("J."), or letters with dots between ("U.S.", "a.m.", "Ph.D."); "z." of "z. B.". */
const INITIALS = /^[\p{P}]*(?:\p{L}{1,3}\.)*[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]\.$/u;
/** Words that, written with a capital, begin a sentence rather than go on after "p.m." or "U.S.". */
const SENTENCE_STARTERS = list(
  "a an the i he she it we you they this that these those there here then but and so if when what who how why where my your his her our their is are do does did can could will would please no yes not after before also however by at in on for",
);

/**
 * Does the full stop of this word shorten it, rather than end its sentence?
 *
 * @param word The last word, with its full stop ("Dr.", "(e.g.", "U.S.").
 * @param after What follows it.
 */
export function isAbbreviation(word: string, after: string): boolean {
  const name = stem(word);
  if (BEFORE_A_NUMBER.has(name) && /^\p{N}/u.test(after)) return true;
  return BEFORE_A_NAME.has(name) || WITHIN_A_SENTENCE.has(name) || INITIALS.test(word);
}

/** Does a new sentence start after this abbreviation all the same ("at 5 p.m. The shop…")? */
export function startsSentence(word: string, after: string): boolean {
  const name = stem(word);
  if (BEFORE_A_NAME.has(name) || ALWAYS_GOES_ON.has(name)) return false;
  // The whole word: in a text that still grows, "A" may become "Army".
  const next = /^(\p{Lu}[\p{L}'’]*)[^\p{L}'’]/u.exec(after)?.[1] ?? "";
  return SENTENCE_STARTERS.has(next.toLowerCase());
}

/** The word without its last full stop and the marks before it, in small letters. */
function stem(word: string): string {
  return word
    .replace(/^\p{P}+/u, "")
    .replace(/\.$/u, "")
    .toLowerCase();
}

function list(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}
