/**
 * Owns whether an utterance is a question and nothing beyond it. An utterance is taken apart into known pieces
 * (fillers, the question once, fillers); one unknown word is enough, and it is not recognised.
 */
import { FILLERS } from "./fillers.ts";
import type { Language, QuickAnswer } from "./quick-answer.ts";

/** Written without spaces between words, or with spaces that people put differently: compared by character. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
/** No question is longer than this in words or characters; a speech is not even looked at. */
const LONGEST_UTTERANCE = 60;

type Pieces = ReadonlySet<string>;

/** What is known in one language. */
interface Known {
  readonly questions: readonly { readonly quickAnswer: QuickAnswer; readonly asked: Pieces }[];
  readonly fillers: Pieces;
  /** The longest piece, in words or characters. */
  readonly longest: number;
}

/** Finds the question that an utterance is, among those it was made for. */
export class Recognition {
  readonly #quickAnswers: readonly QuickAnswer[];
  readonly #greeting: QuickAnswer;
  /** Made when a language is spoken for the first time: most phones hear one or two. */
  readonly #known = new Map<Language, Known>();

  /** @param greeting what may also stand before a question ("hello, how are you"). */
  constructor(quickAnswers: readonly QuickAnswer[], greeting: QuickAnswer) {
    this.#quickAnswers = quickAnswers;
    this.#greeting = greeting;
  }

  /** @param agentName may stand anywhere around the question ("Robin, how are you?"). */
  find(utterance: string, language: Language, agentName: string | undefined): QuickAnswer | undefined {
    const units = unitsOf(utterance);
    if (units.length === 0 || units.length > LONGEST_UTTERANCE) return undefined;
    const { questions, fillers, longest } = this.#knownIn(language);
    const name = agentName === undefined ? [] : unitsOf(agentName);
    const nameAsPiece = name.join(" ");
    const isFiller = (piece: string) => fillers.has(piece) || piece === nameAsPiece;
    return questions.find(({ asked }) =>
      isMadeOf(units, isFiller, (piece) => asked.has(piece), Math.max(longest, name.length)),
    )?.quickAnswer;
  }

  #knownIn(language: Language): Known {
    const made = this.#known.get(language);
    if (made !== undefined) return made;
    const questions = this.#quickAnswers.map((quickAnswer) => ({
      quickAnswer,
      asked: piecesOf(quickAnswer.asked[language]),
    }));
    const fillers = piecesOf([...FILLERS[language], ...this.#greeting.asked[language]]);
    const all = [...questions.flatMap(({ asked }) => [...asked]), ...fillers];
    const longest = Math.max(...all.map((piece) => piece.split(" ").length));
    const known = { questions, fillers, longest };
    this.#known.set(language, known);
    return known;
  }
}

/** Fillers, the question exactly once, fillers, and nothing else. */
function isMadeOf(
  units: readonly string[],
  isFiller: (piece: string) => boolean,
  isQuestion: (piece: string) => boolean,
  longest: number,
): boolean {
  /** For each number of units: can so many be put together before the question, and with it? */
  const before = [true];
  const with_ = [false];
  for (let end = 1; end <= units.length; end++) {
    before[end] = false;
    with_[end] = false;
    for (let start = Math.max(0, end - longest); start < end; start++) {
      if (!before[start] && !with_[start]) continue;
      const piece = units.slice(start, end).join(" ");
      const filler = isFiller(piece);
      before[end] ||= (before[start] ?? false) && filler;
      with_[end] ||= ((with_[start] ?? false) && filler) || ((before[start] ?? false) && isQuestion(piece));
    }
  }
  return with_[units.length] ?? false;
}

function piecesOf(ways: readonly string[]): Pieces {
  return new Set(ways.flatMap(alternatives).map((way) => unitsOf(way).join(" ")));
}

/** Every utterance that a way of asking stands for. */
export function alternatives(way: string): string[] {
  const innermost = /\(([^()]*)\)/u.exec(way);
  if (innermost === null) return [way];
  const [group, choices = ""] = innermost;
  return choices
    .split("|")
    .flatMap((choice) =>
      alternatives(way.slice(0, innermost.index) + choice + way.slice(innermost.index + group.length)),
    );
}

/** An utterance as the words it is compared by, or characters where words are not spaced. */
export function unitsOf(text: string): string[] {
  const letters = text
    .normalize("NFKD")
    // Accents and vowel signs come and go with the one who writes down what was said.
    .replace(/\p{M}+/gu, "")
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/(?<=\p{L})['’ʼ](?=\p{L})/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .replace(UNSPACED, " $& ");
  return letters.split(" ").filter((unit) => unit !== "");
}
