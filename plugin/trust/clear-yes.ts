/**
 * Owns what counts as a clear yes on a call, for each language: the whole of what was said, and nothing that a listener
 * says anyway ("okay", "嗯", "uh-huh").
 */

/** Written as {@link wordsOf} leaves them. Whoever speaks another language is understood in English too. */
const YES: Readonly<Record<string, string> & { en: string }> = {
  en: "yes, yes do it, yes do that, yes go ahead, yes i do, yes i am sure, yes i'm sure, yes you may, go ahead, do it, please do, i confirm, confirmed, approved, i approve, yes i confirm, yes i approve",
  zh: "是的, 是的没错, 确认, 我确认, 确定, 我确定, 同意, 我同意, 批准, 请执行, 执行吧, 是的请执行, 是的确认, 是的确定, 是的去做吧, 去做吧",
  ja: "はいお願いします, はいそうしてください, お願いします, 実行してください, はい実行してください, 承認します, はい承認します, 確認しました, はいどうぞ",
  ko: "네 해주세요, 네 해 주세요, 네 그렇게 해주세요, 네 그렇게 해 주세요, 네 진행해주세요, 네 진행해 주세요, 진행해주세요, 진행해 주세요, 승인합니다, 네 승인합니다, 확인합니다, 네 확인합니다",
  ru: "да сделай, да сделайте, да делай, да делайте, да давай, да давайте, да подтверждаю, подтверждаю, да согласен, да согласна, согласен, согласна, разрешаю, да разрешаю, да выполняй, да выполняйте",
  ar: "نعم افعل, نعم افعل ذلك, نعم موافق, نعم موافقة, موافق, موافقة, أوافق, نعم أوافق, أؤكد, نعم أؤكد, نفذ, نعم نفذ, نعم تفضل",
  es: "sí, sí hazlo, sí hágalo, sí adelante, adelante, hazlo, hágalo, confirmo, sí confirmo, confirmado, sí estoy seguro, sí estoy segura, lo apruebo, sí lo apruebo",
  fr: "oui, oui vas y, oui allez y, oui fais le, oui faites le, vas y, allez y, je confirme, oui je confirme, confirmé, oui j'en suis sûr, oui j'en suis sûre, j'approuve, oui j'approuve",
  de: "ja, ja bitte, ja mach das, ja machen sie das, ja tu das, ja tun sie das, ja mach es, mach das, machen sie das, ich bestätige, ja ich bestätige, bestätigt, ja ich bin sicher, ja einverstanden, einverstanden, genehmigt",
  pt: "sim, sim faz, sim faça, sim pode fazer, pode fazer, confirmo, sim confirmo, confirmado, sim tenho certeza, sim tenho a certeza, aprovo, sim aprovo, sim pode",
  it: "sì, sì fallo, sì lo faccia, sì procedi, sì proceda, procedi, proceda, fallo, confermo, sì confermo, confermato, sì sono sicuro, sì sono sicura, approvo, sì approvo",
  nl: "ja, ja doe maar, ja doe dat, doe maar, ik bevestig, ja ik bevestig, bevestigd, ja ik weet het zeker, akkoord, ja akkoord, ga je gang",
  pl: "tak, tak zrób to, tak zrób, zrób to, potwierdzam, tak potwierdzam, potwierdzone, tak na pewno, zgadzam się, tak zgadzam się, proszę to zrobić",
  tr: "evet, evet yap, evet yapın, evet onaylıyorum, onaylıyorum, evet eminim, evet lütfen yap, evet devam et",
  hi: "हाँ, हां, हाँ करो, हां करो, हाँ कर दो, हां कर दो, हाँ कीजिए, हां कीजिए, हाँ कर दीजिए, हां कर दीजिए, मैं पुष्टि करता हूँ, मैं पुष्टि करती हूँ",
};

/** May stand before or after a yes without changing it. */
const COURTESIES: ReadonlySet<string> = new Set(
  [
    "please, thank you, thanks, 请, 谢谢, どうも, 감사합니다, пожалуйста, спасибо, من فضلك, شكرا",
    "por favor, gracias, s'il te plaît, s'il vous plaît, merci, bitte, danke, obrigado, obrigada, per favore, grazie",
    "alsjeblieft, alstublieft, dank je, dank u, proszę, dziękuję, lütfen, teşekkürler, कृपया, धन्यवाद",
  ].flatMap((line) => line.split(", ").map(wordsOf)),
);

const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(YES).map(([language, line]) => [
    language,
    new Set(line.split(", ").map((yes) => unspaced(wordsOf(yes)))),
  ]),
);

/** Whether the whole of these words is a clear yes in the speaker's language (BCP 47) or in English. */
export function isClearYes(words: string, language: string | undefined): boolean {
  const said = unspaced(withoutCourtesies(wordsOf(words)));
  const own = language === undefined ? undefined : KNOWN.get(language.split("-")[0]?.toLowerCase() ?? "");
  return own?.has(said) === true || KNOWN.get("en")?.has(said) === true;
}

/** Where words are not set apart, a pause may stand anywhere. */
function unspaced(said: string): string {
  return said.replaceAll(" ", "");
}

/** Lower case, no punctuation, one space between words. */
function wordsOf(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll("’", "'")
    .replaceAll(/[^\p{L}\p{M}\p{N}']+/gu, " ")
    .trim();
}

function withoutCourtesies(said: string): string {
  for (const courtesy of COURTESIES) {
    if (said.startsWith(`${courtesy} `)) return said.slice(courtesy.length + 1);
    if (said.endsWith(` ${courtesy}`)) return said.slice(0, -courtesy.length - 1);
  }
  return said;
}
