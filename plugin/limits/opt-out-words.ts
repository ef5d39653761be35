/**
 * Owns which words mean that somebody does not want to be called or texted again, in the languages of the phone's users.
 * A wish taken for one by mistake costs a command of the owner's; one that is missed costs somebody their peace. What
 * businesses write below their own texts ("Reply STOP to unsubscribe", "退订回T") is no wish.
 */

/** One-word answers that a text begins, ends or consists of: a sentence of it is that word alone. */
const WORDS = `
stop stopall stopp unsubscribe optout arret desabonner desinscrire abmelden abbestellen afmelden uitschrijven
стоп отписаться отпишите отписка wypisz disiscrivimi descadastrar
退订 退訂 取消订阅 取消訂閱 拒收 配信停止 수신거부 구독취소
`;

/** Answers that mean it only when nothing else is in the text. */
const WHOLE_TEXTS = `
end quit cancel revoke remove stopit ende einde fin baja alto cancelar parar pare sair remover eliminar basta ferma annulla
cancella cancellami koniec anuluj отмена хватит dur durdur iptal iptalet ret
td t 停止 取消 别打了 別打了 解除 退会 登録解除 やめて やめてください 중지 그만 거부 해지 취소
توقف توقفوا قف ايقاف الغاء الغاءالاشتراك बंद रोको रुको बंदकरो स्टॉप
`;

/** Said beside a wish without changing it. */
const POLITE = `
please|pls|plz|kindly|thanks|thank you|thx|sir|madam|bitte|danke|svp|stp|s'il vous plait|merci|por favor|porfavor|gracias|
obrigad[oa]|per favore|grazie|alstublieft|alsjeblieft|aub|dank u|prosze|dziekuje|пожалуиста|спасибо|lutfen|tesekkurler|
من فضلك|رجاء|شكرا|कृपया|धन्यवाद
`;

/**
 * Wishes as they are said, by language. Regular expressions on folded text, in which a space is a gap between words, "…"
 * up to three words, "… ?" the same with a gap after it, "~" the rest of a word, "$" the end of a sentence or of what stands before a comma.
 */
const PHRASES: Readonly<Record<string, readonly string[]>> = {
  en: [
    "(?<!why |if you |i |we |they |he |she )(?:(?:do|must|should|may) not|don'?t|never|no longer)(?: (?:you|ever|please|dare))* (?:call|phone|ring|dial|contact|text|message|write|bother|disturb)… (?:again|any ?more|ever)",
    "(?<!why |if you |i |we |they |he |she )(?:do not|don'?t|never)(?: (?:you|ever|please|dare))* (?:call|phone|ring|dial|contact|text|message|bother|disturb) (?:me|us|here|this (?:number|phone|line)|(?:my|our) (?:number|phone|office|home|house))(?: please)?$",
    "(?<!not |n't |dont |cant |never |cannot )stop (?:all )?(?:(?:the|these|those|your) )?(?:calling|phoning|ringing|texting|messaging|contacting|bothering|harassing|spamming|calls|texts|messages)",
    "(?:take|get|remove|delete|erase|drop) (?:me|us|(?:my|our|this|the) (?:phone )?(?:number|name|details|phone)) (?:off|from|out of) (?:of )?(?:your|the|this|that|any|all|every)… (?:lists?|database|system|records|contacts|files?)",
    "(?:put|place|add) … ?(?:on|to) (?:your|the|a)… do not (?:call|text|contact)",
    "on (?:your|the|a)(?: national)? do not call (?:list|registry|register)",
    "unsubscribe (?:me|us|my|this)",
    "opt (?:me|us|this number) out",
    "(?:want|like|wish|need) to (?:unsubscribe|opt out|be (?:removed|unsubscribed|taken off))",
    "(?:do not|don'?t) want (?:you |anyone |anybody |people )?to (?:be )?(?:call|called|contact|contacted|text|texted|message|messaged|ring)… (?:again|any ?more|ever)",
    "(?:do not|don'?t) want (?:any )?(?:more )?(?:of )?(?:(?:these|those|your) )?(?:calls|texts|messages|you calling)",
    "no more (?:phone )?(?:calls|texts|messages)(?: please| from you| from anyone)?$",
    "lose (?:my|this|our) number",
    "leave (?:me|us) alone",
  ],
  de: [
    "ruf(?:en sie|t|e)?(?: (?:mich|uns|hier|da|bitte|diese nummer))* (?:nicht|nie|niemals)(?: (?:mehr|wieder|noch einmal|nochmal|hier))* an(?: bitte)?$",
    "(?<!(?:kann|konnen|konnte|konnten)(?: \\p{L}+){0,3} )(?:nicht|nie|niemals) (?:mehr|wieder|noch einmal|nochmal)… (?:anrufen|anzurufen|angerufen|kontaktieren|kontaktiert|anschreiben|belastigen)",
    "hor(?:en sie|t|e)?… auf,?… (?:anzurufen|zu schreiben|zu kontaktieren|zu belastigen)",
    "(?:streich|nehm|nimm|losch|entfern|trag)~(?: (?:sie|bitte))* (?:mich|uns|(?:meine|unsere|diese) (?:telefon)?nummer|meinen namen)… (?:von|aus) (?:\\p{L}+ ){0,2}\\p{L}*(?:liste|listen|verteiler|datenbank|kartei|system)",
    "keine (?:weiteren )?(?:anrufe|nachrichten|sms|texte) mehr",
    "lass(?:en sie|t|e)? (?:mich|uns)(?: (?:bitte|endlich|doch))* in (?:ruhe|frieden)",
    "(?:schreib|kontaktier|meld|belastig)(?:en sie|e|t)?(?: (?:mir|mich|uns|sich|dich|euch|bitte|bei mir|bei uns))* (?:nicht|nie) (?:mehr|wieder)",
  ],
  fr: [
    "(?<!il |elle |on |ils |elles |ne )(?:ne |n'|)(?:m'|me |nous )(?:re)?(?:appel|telephon|contact|ecriv|derang|envoy)~(?: (?:ici|a ce numero|de messages?|de sms|s'il vous plait))* (?:plus(?! tard)|jamais)",
    "(?:ne |n')(?:r?appel|telephon|ecriv)~(?: (?:ici|a ce numero))* (?:plus(?! tard)|jamais)",
    "ne plus(?: jamais)? (?:m'|me |nous )?(?:appeler|rappeler|telephoner|contacter|recontacter|ecrire|deranger|envoyer)",
    "(?:arret|cess)~(?: (?:s'il vous plait|donc|immediatement))? (?:de |d')(?:m'|me |nous |)(?:appeler|rappeler|telephoner|contacter|ecrire|harceler|deranger|envoyer)",
    "(?:retir|enlev|supprim|ray|effac|radi|ot)~ (?:moi|nous|(?:mon|notre|ce) (?:numero|nom)) (?:de|des) (?:votre|vos|la|ta|tes|cette|toutes vos)… ?(?:listes?|fichiers?|base)",
    "plus (?:d'appels?|de messages?|de sms) (?:s'il vous plait|merci)?$",
    "laiss~ (?:moi|nous) tranquille",
    "(?:me desabonner|me desinscrire|(?:desabonn|desinscri)~ moi)",
  ],
  es: [
    "no (?:(?:me|nos) )?(?:llam|contact|escrib|molest|telefone|mand|envi)~(?: (?:mensajes?|sms|aqui|a este (?:numero|telefono)|por favor))* (?:mas(?! tarde)|nunca|jamas|otra vez|de nuevo)",
    "no (?:(?:me|nos) )?(?:vuelvas?|vuelvan) a (?:llamar|escribir|contactar|molestar|mandar|enviar)~",
    "no (?:me|nos) (?:llame[ns]?|contacte[ns]?|escriba[ns]?)$",
    "(?<!no |no me )(?:dejen?|deja|paren?|para) (?:ya )?de (?:llamar|escribir|contactar|molestar|mandar|enviar)~",
    "(?:quit|borr|sac|saqu|elimin|retir|supr)~(?: (?:mi|nuestro|este) (?:numero|nombre))? de (?:su|sus|tu|la|las|esta|vuestra)… ?(?:listas?|base|sistema)",
    "(?:quiero|quisiera|deseo) dar(?:me|nos) de baja",
    "(?:denme|deme|dame|me den) de baja",
    "no mas (?:llamadas|mensajes|sms)",
    "(?:dejeme|dejenme|dejame|dejadme|dejenos) en paz",
  ],
  it: [
    "(?<!perche )non (?:(?:mi|ci) )?(?:chiam|richiam|contatt|scriv|telefon|disturb|mand|invi)~(?: (?:messaggi|qui|a questo numero|per favore))* (?:piu(?! tardi)|mai|ancora)",
    "(?<!non )(?:smett|piant|finisc)~ (?:di |la di )(?:chiam|scriv|contatt|telefon|disturb|mand)~",
    "basta (?:chiamate|messaggi|telefonate|sms|chiamarmi|scrivermi)",
    "(?:togli|tolg|cancell|rimuov|elimin|lev)~(?: (?:il mio|questo) (?:numero|nome))? dal(?:la|le|l)?… ?(?:list[ae]|elenco|elenchi|database)",
    "(?:lasciatemi|lasciami|mi lasci|mi lasciate) (?:in pace|stare)",
  ],
  pt: [
    "nao (?:(?:me|nos) )?(?:lig|contat|contact|cham|escrev|telefon|mand|envi|incomod|perturb)~(?: (?:me|mensagens|mensagem|por favor|(?:para|pra) (?:mim|ca|este numero|esse numero|aqui)))* (?:mais(?! tarde)|nunca|de novo|outra vez|novamente)",
    "nunca mais (?:me |nos )?(?:lig|contat|contact|escrev|mand)~",
    "(?<!nao )(?:pare|parem|para|deixe|deixem) de (?:me |nos )?(?:lig|contat|contact|escrev|mand|envi|incomod|telefon)~",
    "(?:tir|remov|retir|exclu|apag|elimin)~(?: me| nos)?(?: o)?(?: (?:meu|nosso|este) (?:numero|nome|contato|contacto))? d(?:a|as|e)… ?(?:listas?|base|cadastro)",
    "(?:deixe me|me deixe|deixem me|me deixem) em paz",
    "cancel~ (?:a |minha |a minha )?inscricao",
  ],
  nl: [
    "(?<!ik |we |wij )bel(?:t|len)?(?: (?:mij|me|ons|u|alstublieft|hier|dit nummer))* (?:niet|nooit) (?:meer|weer|opnieuw|nog eens)",
    "(?<!kan(?: \\p{L}+){0,3} |kon(?: \\p{L}+){0,3} )(?:niet|nooit) (?:meer|weer|opnieuw)… (?:bellen|gebeld|sms'?en|appen|contacteren)",
    "stop(?:pen)? met… (?:bellen|sms'?en|appen|berichten)",
    "(?:haal|verwijder|schrap|schrijf)(?: (?:mij|me|ons|mijn nummer|dit nummer|alstublieft))* (?:van|uit) (?:uw|je|jullie|de|deze|het)… ?\\p{L}*(?:lijst|bestand|systeem|database)",
    "geen (?:telefoontjes|berichten|sms'?jes|oproepen) meer",
    "neem geen contact meer… op",
    "laat (?:mij|me|ons) met rust",
  ],
  pl: [
    "nie dzwon(?:cie|ic)?(?: (?:prosze|do mnie|do nas|tu|tutaj|na ten numer))* (?:wiecej|juz|nigdy)",
    "(?:wiecej|nigdy|juz)… nie dzwon(?:cie|ic)?",
    "prosze… nie dzwonic",
    "nie dzwon(?:cie)? do (?:mnie|nas)$",
    "przesta~… (?:dzwonic|pisac|wydzwaniac|nekac)",
    "(?:usun|wykresl|skresl|wypisz)~(?: (?:mnie|nas|moj numer|ten numer|prosze))* z… ?(?:listy|bazy|systemu)",
    "wypis(?:z|zcie|ac) mnie",
    "nie (?:pisz|piszcie|kontaktuj|kontaktujcie)(?: sie)?(?: (?:do|ze|z) (?:mnie|mna|nas|nami))* (?:wiecej|juz)",
  ],
  ru: [
    "не (?:звон|пиш|перезван|беспоко)~(?: (?:мне|нам|меня|нас|сюда|на этот номер|пожалуиста))* (?:больше|никогда)",
    "(?:больше|никогда)… не (?:звони|звоните|звонить|пиши|пишите|перезваниваите|беспокоите|надо звонить|нужно звонить)",
    "(?<!(?:почему|если|чего)(?: \\p{L}+)? )не (?:звони|звоните|пиши|пишите|беспокоите)(?: (?:мне|нам|меня|нас|сюда|на этот номер))?$",
    "(?:прекратите|прекрати|перестаньте|перестань|хватит)(?: (?:мне|нам|сюда|уже))* (?:звонить|писать|названивать|беспокоить)",
    "(?:удал|убер|вычеркн|исключ)~(?: (?:меня|нас|(?:мои|наш|этот) номер|пожалуиста))* из… ?(?:списк|баз|рассылк)~",
    "(?:отпишите меня|хочу отписаться)",
    "остав(?:ьте|ь) (?:меня|нас) в покое",
  ],
  tr: [
    "(?:bir daha|artik)(?: (?:beni|bizi|burayi|bu numarayi|lutfen|sakin))* (?:aramayin(?:iz)?|arama$)",
    "(?:beni|bizi|burayi|bu numarayi)… (?:aramayin(?:iz)?|arama$)",
    "aramayi (?:kes|birak)~",
    "(?:beni|bizi|numarami|adimi)… \\p{L}*(?:listenizden|listeden|listesinden|rehberinizden|sisteminizden)… ?(?:cikar|sil|kaldir)~",
    "(?:mesaj|sms)… ?(?:atmayin|gondermeyin|yazmayin)",
    "(?:beni|bizi) rahat birak~",
  ],
  ar: [
    "و?لا (?:تتصل|تتصلوا|تتصلي|تتصلون|تراسلني|تراسلوني|ترسل|ترسلوا|تكلمني|تكلموني|تزعجني|تزعجوني)… (?:مره (?:اخري|ثانيه)|بعد (?:الان|اليوم)|مجددا|ثانيه|ابدا|من جديد)",
    "و?لا تتصلو?ا? (?:بي|بنا|علي(?: هذا الرقم)?|بهذا الرقم)(?: من فضلك| رجاء)?$",
    "و?لا تعاودو?ا? الاتصال",
    "(?:توقف|توقفوا|توقفي|كف|كفوا) عن (?:الاتصال|مكالمتي|مراسلتي|ارسال|ازعاجي)",
    "(?:احذف|ازل|ازيل|امسح|اشطب|شيل)(?:وا)?(?:ني)?(?: (?:رقمي|اسمي|هذا الرقم))? من… ?(?:ال)?(?:قايم|قوايم|قاعده|سجل)~",
  ],
  hi: [
    "(?<!अभी[^।.!?,\\n]*)(?:कॉल|फोन|मैसेज|मेसेज|एसएमएस|संपर्क|सम्पर्क|परेशान)… ?(?:मत|ना|न) (?:करो|करना|करें|करे|कीजिए|कीजिएगा|कीजिये|करिए|करिएगा|भेजो|भेजना|भेजें|भेजिए)",
    "(?:कॉल|फोन|मैसेज|संपर्क)(?: करना| भेजना)? बंद (?:करो|करें|करिए|कीजिए|कर दो|कर दीजिए)",
    "(?:सूची|लिस्ट|डेटाबेस) (?:में )?से… ?(?:हटा|निकाल)~",
    "(?:call|phone|message|msg) (?:mat|na) (?:karo|karna|kijiye|karein|kare|kariye|karen)",
  ],
};

/** The same for scripts that write words together, or apart as it pleases. */
const JOINED_PHRASES: Readonly<Record<string, readonly string[]>> = {
  zh: [
    "(?:别|別|不要|不用|请勿|請勿|勿|不准|不许|不許|甭|停止)(?:再|继续|繼續|一直|老是)[^。！？.!?，,\\n]{0,6}?(?:打(?![断斷开開算折字印车車])|拨|撥|来电|來電|致电|致電|电话|電話|[发發](?:短信|信息|消息|讯息|訊息|简讯|簡訊|微信|给我|給我|了|过来|過來|来|來)|联系|聯繫|联络|聯絡|骚扰|騷擾)",
    "(?:以后|以後|今后|今後|往后|往後)[^。！？.!?，,\\n]{0,6}?(?:别|別|不要|请勿|請勿|勿)[^。！？.!?，,\\n]{0,6}?(?:打(?![断斷开開算折字印车車])|来电|來電|致电|致電|联系|聯繫|联络|聯絡|[发發](?:短信|信息|消息|简讯|簡訊))",
    "(?:别|別|不要|请勿|請勿|勿)(?:给|給|往|向)?(?:我|我们|我們|这里|這裡|这个号码|這個號碼)?(?:打电话|打電話|来电|來電|致电|致電|打来|打來|打过来|打過來|打给我|打給我|联系我|聯繫我|聯絡我|骚扰我|騷擾我|打扰我|打擾我|发短信|發短信|發簡訊)(?:们|們)?[了啦吧]?$",
    "停止(?:给我|給我|向我)?(?:打电话|打電話|来电|來電|致电|致電|骚扰|騷擾|联系|聯繫|聯絡|发短信|發簡訊)",
    "(?:从|從|由)[^。！？.!?\\n]{0,10}(?:名单|名單|列表|清单|清單|数据库|資料庫|通讯录|通訊錄|系统|系統)[^。！？.!?\\n]{0,6}[删刪移除去拿剔]",
    "(?:删除|删掉|刪除|刪掉|移除)[^。！？.!?，,\\n]{0,4}我[^。！？.!?，,\\n]{0,4}(?:号码|號碼|电话|電話|联系方式|聯繫方式)",
    "我(?:要|想)?(?:退订|退訂|取消订阅|取消訂閱)",
  ],
  ja: [
    "(?:電話|でんわ|連絡|メール|メッセージ|sms|勧誘)[^。！？.!?\\n]{0,10}?(?:しないで|しないように|してこないで|かけないで|掛けないで|かけてこないで|掛けてこないで|よこさないで|送らないで|送ってこないで|やめて|止めて|控えて|ご遠慮|お断り)",
    "(?:もう|二度と|今後|これ以上)[^。！？.!?\\n]{0,12}?(?:(?:かけて|掛けて|電話して|連絡して|送って)(?:こ|来)ないで|(?:かけ|掛け|電話し|連絡し|送ら)ないで)",
    "(?:リスト|名簿|データベース)(?:から|より)[^。！？.!?\\n]{0,12}?(?:外し|はずし|削除|消し|除い|除外|抜い)",
    "配信(?:を|の)?停止(?:して|を|希望|お願い)",
  ],
  ko: [
    "(?:전화|연락|문자|메시지|메세지)(?:를|을|는|은|도|좀|만)* ?(?:(?:다시는|다시|더|이상|더이상|이제|절대|절대로|좀|여기로|저한테|저희한테) ?)*(?:하|걸|보내|주)?지 ?(?:말|마|맙)",
    "(?:전화|연락|문자|메시지|메세지)(?:를|을|는|은|도|좀)* ?그만",
    "그만 ?(?:좀 ?)?(?:전화|연락|문자)",
    "(?:명단|목록|리스트|데이터베이스|연락처)에서[^.!?\\n]{0,14}?(?:빼|삭제|지워|제외|제거)",
    "수신 ?거부 ?(?:해|부탁|요청|할게|합니다|하겠)",
  ],
};

/** How much of a text is looked at. Nobody hides a wish behind more than this. */
const LONGEST = 4_000;

/**
 * Whether somebody asks not to be called or texted again.
 *
 * @param where on a call one word is not enough: "stop" interrupts.
 */
export function isOptOut(words: string, where: "text" | "call"): boolean {
  const folded = fold(words.slice(0, LONGEST));
  if (patterns().some((pattern) => pattern.test(folded))) return true;
  if (where === "call") return false;
  const { wishes, wholeTexts, polite } = singleWords();
  const plain = folded.replace(polite, "");
  const bare = lettersOf(plain);
  return (
    wishes.has(bare) ||
    wholeTexts.has(bare) ||
    plain.split(/[.!?。！？।؟…\n]+/).some((sentence) => wishes.has(lettersOf(sentence)))
  );
}

const lettersOf = (text: string) => text.replace(/[^\p{L}\p{M}\p{N}]/gu, "");

/**
 * A text without what people leave out or write differently: case, accents, full width, Arabic vowel signs, invisible
 * characters.
 */
function fold(text: string): string {
  return (
    text
      .normalize("NFKD")
      // Accents, Arabic signs and the dot below of Hindi; what Japanese and Korean letters are made of stays.
      .replace(/[\u0300-\u036f\u0640\u064b-\u0655\u0670\u093c\p{Cf}]/gu, "")
      .toLowerCase()
      .normalize("NFC")
      .replace(/[ıłßةى’‘ʼ´`]/g, (letter) => SAME[letter] ?? letter)
      .replace(/\r\n?/g, "\n")
      .replace(/[^\S\n]+/g, " ")
      .trim()
  );
}

const SAME: Readonly<Record<string, string>> = {
  ı: "i",
  ł: "l",
  ß: "ss",
  ة: "ه",
  ى: "ي",
  "’": "'",
  "‘": "'",
  ʼ: "'",
  "´": "'",
  "`": "'",
};

const PART_OF_WORD = "\\p{L}\\p{M}\\p{N}";
/** Where what is asked for has been said. */
const END = `(?=[^${PART_OF_WORD}.!?,\\n]*(?:$|[.!?,;:。！？，；、।،؟…\\n]))`;

const GAP = "(?:,? |-)";
const SOME_WORDS = "(?:[ -][^ .!?,;:\\n]+){0,3}";

/** The signs of {@link PHRASES} as regular expressions. */
const SIGNS: Readonly<Record<string, string>> = {
  "… ?": `${SOME_WORDS}${GAP}`,
  "…": SOME_WORDS,
  " ": GAP,
  "~": `[${PART_OF_WORD}]*`,
  $: END,
};

let compiled: readonly RegExp[] | undefined;

/** Made when they are needed first. */
function patterns(): readonly RegExp[] {
  compiled ??= [
    ...Object.values(PHRASES)
      .flat()
      .map((phrase) => {
        const source = phrase.replace(/… \?|[… ~$]/g, (sign) => SIGNS[sign] ?? sign);
        return new RegExp(`(?<![${PART_OF_WORD}])(?:${source})(?![${PART_OF_WORD}])`, "u");
      }),
    ...Object.values(JOINED_PHRASES)
      .flat()
      .map((phrase) => new RegExp(phrase.replace(/\$$/, END), "u")),
  ];
  return compiled;
}

let single:
  | {
      readonly wishes: ReadonlySet<string>;
      readonly wholeTexts: ReadonlySet<string>;
      readonly polite: RegExp;
    }
  | undefined;

function singleWords(): NonNullable<typeof single> {
  const setOf = (words: string) => new Set(fold(words).split(/\s+/));
  single ??= {
    wishes: setOf(WORDS),
    wholeTexts: setOf(WHOLE_TEXTS),
    polite: new RegExp(
      `(?<![${PART_OF_WORD}])(?:${fold(POLITE).replaceAll("\n", "")})(?![${PART_OF_WORD}])|[请請]|谢谢|謝謝|お願いします`,
      "gu",
    ),
  };
  return single;
}
