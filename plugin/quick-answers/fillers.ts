// Owns the words that may stand around a question and change nothing about it. What points at one thing ("这个", "あの",
// "그") is not among them: the question would then be about that thing.
import type { Language } from "./quick-answer.ts";

/** Greetings are known from their own entry; those that are goodbyes as well stand here. */
export const FILLERS: Readonly<Record<Language, readonly string[]>> = {
  en: list(
    "hey, hey there, so, please, well, um, uh, umm, hmm, oh, ah, ok, okay, alright, all right, and, then, now, just, actually, by the way, tell me, just tell me, can you tell me, could you tell me, would you tell me, i want to know, i would like to know, i'd like to know, i was wondering, excuse me, quick question, for me, again, anyway",
  ),
  zh: list(
    "嗯, 呃, 额, 现在, 目前, 啊, 哎, 诶, 欸, 哦, 喂, 嗨, 那, 那么, 就是, 好, 好的, 对了, 请, 请问, 麻烦, 麻烦你, 麻烦您, 呢, 呀, 啦, 哈, 告诉我, 请告诉我, 你告诉我, 能告诉我, 你能告诉我, 可以告诉我, 我想知道, 我想问, 我想问一下, 问一下, 帮我看看, 帮我看一下, 一下, 顺便问一下, 對了, 請問, 請",
  ),
  ja: list(
    "えっと, えーと, ええと, あのー, あのう, ねえ, じゃあ, では, それで, で, あ, ああ, うん, はい, すみません, すいません, ちょっと, ところで, ちなみに, お願いします, 教えて, 教えてください, ねえねえ, さて, 今",
  ),
  ko: list(
    "음, 어, 아, 저기요, 그럼, 그러면, 자, 네, 응, 근데, 그런데, 안녕, 혹시, 좀, 잠깐만, 죄송한데, 죄송하지만, 알려 줘, 알려 주세요, 말해 줘, 말해 주세요, 지금",
  ),
  ru: list(
    "э, эм, ну, так, а, и, вот, эй, слушай, слушайте, скажи, скажите, скажи мне, скажите мне, скажи пожалуйста, скажите пожалуйста, пожалуйста, а скажи, подскажи, подскажите, извини, извините, кстати, ладно, хорошо, окей, тогда, можешь сказать, можете сказать, хочу знать, сейчас",
  ),
  ar: list(
    "اه, آه, امم, يا, طيب, حسنا, اذن, إذن, من فضلك, لو سمحت, عفوا, قل لي, قولي لي, أخبرني, اخبرني, أخبريني, ممكن تخبرني, هل يمكنك أن تخبرني, أريد أن أعرف, سلام, السلام عليكم, بالمناسبة, الآن, و",
  ),
  es: list(
    "eh, este, pues, bueno, oye, oiga, a ver, y, entonces, por favor, perdón, perdona, disculpa, disculpe, dime, dígame, me dices, me puedes decir, puedes decirme, podrías decirme, quiero saber, me gustaría saber, ahora, ok, vale, por cierto",
  ),
  fr: list(
    "euh, ben, bah, alors, et, bon, eh bien, dis, dites, dis donc, dis moi, dites moi, s'il te plaît, s'il vous plaît, pardon, excuse moi, excusez moi, au fait, peux tu me dire, tu peux me dire, pouvez vous me dire, je voudrais savoir, j'aimerais savoir, salut, ok, d'accord, donc",
  ),
  de: list(
    "äh, ähm, hm, also, na, so, und, ach, oh, ja, okay, ok, gut, nun, dann, mal, denn, eigentlich, bitte, hey, he, du, sag, sag mal, sag mir, sagen sie, sagen sie mir, kannst du mir sagen, können sie mir sagen, ich möchte wissen, ich wüsste gern, entschuldigung, übrigens, servus, noch mal, nochmal",
  ),
  pt: list(
    "é, eh, hum, bem, bom, então, e, aí, ei, ok, tá, por favor, desculpa, desculpe, me diz, me diga, diga, diz me, diga me, pode me dizer, você pode me dizer, podes dizer me, eu queria saber, queria saber, gostaria de saber, a propósito, agora, escuta, olha",
  ),
  it: list(
    "eh, ehm, allora, dunque, beh, e, ehi, senti, senta, scusa, scusi, per favore, per piacere, dimmi, mi dica, puoi dirmi, mi puoi dire, può dirmi, vorrei sapere, a proposito, ciao, ok, ora, adesso, un po'",
  ),
};

function list(words: string): readonly string[] {
  return words.split(", ");
}
