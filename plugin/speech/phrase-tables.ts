// Owns the words of the short phrases the phone speaks on its own, a table for each language, and the words a
// call begins with.

/** What a phrase is spoken for. */
export type PhraseKind =
  /** The caller said something newer while this was worked on. */
  | "superseded"
  /** The caller made a listener's noise. */
  | "acknowledgement"
  /** The session is busy with another conversation. */
  | "waiting"
  /** The turn failed: what to do. */
  | "failed"
  /** The turn took too long: what to do. */
  | "timedOut"
  /** The turn takes longer than one answer may, and goes on: what came will be said next time. */
  | "stillWorking"
  /** What was asked for needs the owner's yes, and they were just asked for it, elsewhere than on this call. */
  | "askingOwner"
  /** A call to somebody else cannot go on, and ends. */
  | "givingUp"
  /** The call ends, and nothing else was said. */
  | "goodbye"
  /** The agent's answer has no words. */
  | "empty"
  /** It is not known who speaks, or they may not. */
  | "unverified"
  /** The caller's words did not come through. */
  | "notHeard";

export type ToolKind = "search" | "files" | "command" | "calendar" | "mail" | "message" | "browse" | "memory";

export interface PhraseTable {
  readonly fixed: Readonly<Record<PhraseKind, string>>;
  /** Said to somebody else while the answer is not there yet: questions, since silence would end the call. */
  readonly holding: readonly string[];
  /** Lines that fit any work. */
  readonly progress: readonly string[];
  readonly tools: Readonly<Record<ToolKind, string>>;
}

/** Names as configured; each may be missing. */
export interface Names {
  readonly ownerName?: string | undefined;
  readonly agentName?: string | undefined;
}

/** Which way a call goes decides its first words. */
export type CallBeginning =
  /** Somebody calls us. */
  | "inbound"
  /** We call the owner. */
  | "toOwner"
  /** We call somebody else, who learns at once that an AI calls, and for whom. */
  | "toOther";

type FirstWords = Readonly<Record<CallBeginning, (names: Names) => string>>;

/** What a call begins with when nobody said what. */
export const FIRST_WORDS: Readonly<Record<string, FirstWords> & { en: FirstWords }> = {
  en: {
    inbound: ({ agentName }) =>
      agentName ? `Hello, this is ${agentName}. What can I do for you?` : "Hello, what can I do for you?",
    toOwner: ({ agentName }) => `Hi, this is ${agentName ?? "your assistant"}.`,
    toOther: ({ agentName, ownerName }) =>
      `Hello, this is ${agentName === undefined ? "" : `${agentName}, `}an AI assistant calling on behalf of ${ownerName ?? "the person I work for"}.`,
  },
  zh: {
    inbound: ({ agentName }) => `您好，${agentName ? `我是${agentName}，` : ""}有什么可以帮您？`,
    toOwner: ({ agentName }) => `您好，我是${agentName ?? "您的助理"}。`,
    toOther: ({ agentName, ownerName }) =>
      `您好，我是${agentName === undefined ? "" : `${agentName}，`}一个人工智能助理，代表${ownerName ?? "我的用户"}给您打电话。`,
  },
};

export const PHRASES: Readonly<Record<string, PhraseTable> & { en: PhraseTable }> = {
  en: {
    fixed: {
      superseded: "Okay.",
      acknowledgement: "Mm-hm.",
      waiting: "One moment, I'm just finishing something else.",
      failed: "Sorry, something went wrong on my side. Please say that again.",
      timedOut: "Sorry, that is taking too long. Ask me again in a moment, or send me a text.",
      stillWorking: "I'm still working on that. Ask me again in a moment.",
      askingOwner: "This needs your yes first: I've just sent you a request for it.",
      givingUp: "Sorry, I can't go on with this call. Thank you for your time, goodbye.",
      goodbye: "Goodbye.",
      empty: "I have nothing to add to that.",
      unverified: "Sorry, I don't know who is speaking, so I can't help on this line.",
      notHeard: "Sorry, I didn't catch that. Could you say it again?",
    },
    holding: [
      "One moment please, I'm checking. Are you still there?",
      "Sorry, I need a little longer. Is that all right?",
    ],
    progress: [
      "One moment.",
      "I'm still on it.",
      "This is taking a little longer.",
      "Nearly there, I think.",
    ],
    tools: {
      search: "Let me look that up.",
      files: "I'm looking through the files.",
      command: "I'm running something for that.",
      calendar: "Let me check the calendar.",
      mail: "Let me check the mail.",
      message: "I'm working on that message.",
      browse: "I'm opening the page now.",
      memory: "Let me think back.",
    },
  },
  zh: {
    fixed: {
      superseded: "好的。",
      acknowledgement: "嗯。",
      waiting: "请稍等，我手上还有一件事，马上就好。",
      failed: "抱歉，我这边出了点问题，请再说一遍。",
      timedOut: "抱歉，这件事花的时间太长了。请过一会儿再问我，或者给我发短信。",
      stillWorking: "我还在处理这件事，请过一会儿再问我。",
      askingOwner: "这件事需要您先同意，我刚给您发了一个确认请求。",
      givingUp: "抱歉，这个电话我没法继续了。谢谢您的时间，再见。",
      goodbye: "再见。",
      empty: "这个我没有什么要补充的。",
      unverified: "抱歉，我无法确认您是谁，所以在这条线路上帮不了您。",
      notHeard: "抱歉，我没有听清，请再说一遍。",
    },
    holding: ["请稍等，我确认一下。您还在吗？", "抱歉，还需要一点时间，可以吗？"],
    progress: ["请稍等。", "我还在处理。", "这需要再多一点时间。", "应该快好了。"],
    tools: {
      search: "我来查一下。",
      files: "我正在看文件。",
      command: "我正在电脑上处理。",
      calendar: "我看一下日历。",
      mail: "我看一下邮件。",
      message: "我正在处理这条消息。",
      browse: "我正在打开网页。",
      memory: "让我回想一下。",
    },
  },
  ja: {
    fixed: {
      superseded: "はい。",
      acknowledgement: "ええ。",
      waiting: "少々お待ちください。ほかの用件がもうすぐ終わります。",
      failed: "すみません、こちらで問題が起きました。もう一度お話しください。",
      timedOut:
        "すみません、時間がかかりすぎています。少ししてからもう一度聞くか、メッセージを送ってください。",
      stillWorking: "まだ作業中です。少ししてからもう一度聞いてください。",
      askingOwner: "これには先にご承認が必要です。いま確認のリクエストをお送りしました。",
      givingUp:
        "申し訳ありませんが、この電話を続けられません。お時間をありがとうございました。失礼いたします。",
      goodbye: "失礼いたします。",
      empty: "それについて付け加えることはありません。",
      unverified: "申し訳ありませんが、どなたか確認できないため、この電話ではお手伝いできません。",
      notHeard: "すみません、聞き取れませんでした。もう一度お願いします。",
    },
    holding: [
      "少々お待ちください、確認しています。つながっていますか？",
      "すみません、もう少しかかります。よろしいですか？",
    ],
    progress: [
      "少々お待ちください。",
      "まだ作業中です。",
      "もう少し時間がかかります。",
      "もうすぐだと思います。",
    ],
    tools: {
      search: "調べてみます。",
      files: "ファイルを見ています。",
      command: "いま処理を実行しています。",
      calendar: "カレンダーを確認します。",
      mail: "メールを確認します。",
      message: "メッセージの件を進めています。",
      browse: "ページを開いています。",
      memory: "思い出してみます。",
    },
  },
  ko: {
    fixed: {
      superseded: "네.",
      acknowledgement: "음.",
      waiting: "잠시만요, 다른 일을 마무리하고 있어요.",
      failed: "죄송해요, 제 쪽에 문제가 생겼어요. 다시 한번 말씀해 주세요.",
      timedOut: "죄송해요, 시간이 너무 오래 걸리네요. 잠시 후에 다시 물어보시거나 문자를 보내 주세요.",
      stillWorking: "아직 처리하고 있어요. 잠시 후에 다시 물어봐 주세요.",
      askingOwner: "이 일은 먼저 승인이 필요해요. 방금 승인 요청을 보내 드렸어요.",
      givingUp: "죄송하지만 통화를 계속할 수 없어요. 시간 내주셔서 감사합니다. 안녕히 계세요.",
      goodbye: "안녕히 계세요.",
      empty: "더 드릴 말씀이 없어요.",
      unverified: "죄송하지만 누구신지 확인할 수 없어서 이 전화로는 도와드릴 수 없어요.",
      notHeard: "죄송해요, 잘 못 들었어요. 다시 말씀해 주시겠어요?",
    },
    holding: ["잠시만요, 확인하고 있어요. 듣고 계신가요?", "죄송해요, 조금 더 걸려요. 괜찮으세요?"],
    progress: ["잠시만요.", "아직 하고 있어요.", "조금 더 걸리네요.", "거의 다 된 것 같아요."],
    tools: {
      search: "찾아볼게요.",
      files: "파일을 보고 있어요.",
      command: "컴퓨터에서 처리하고 있어요.",
      calendar: "일정을 확인해 볼게요.",
      mail: "메일을 확인해 볼게요.",
      message: "메시지를 처리하고 있어요.",
      browse: "페이지를 열고 있어요.",
      memory: "기억을 되짚어 볼게요.",
    },
  },
  ru: {
    fixed: {
      superseded: "Хорошо.",
      acknowledgement: "Угу.",
      waiting: "Минутку, я заканчиваю другое дело.",
      failed: "Простите, у меня что-то пошло не так. Повторите, пожалуйста.",
      timedOut:
        "Простите, это занимает слишком много времени. Спросите меня чуть позже или пришлите сообщение.",
      stillWorking: "Я ещё занимаюсь этим. Спросите меня чуть позже.",
      askingOwner: "На это нужно ваше согласие: я только что отправил вам запрос.",
      givingUp: "Простите, я не могу продолжить этот разговор. Спасибо за ваше время, до свидания.",
      goodbye: "До свидания.",
      empty: "Мне нечего к этому добавить.",
      unverified: "Простите, я не знаю, кто говорит, поэтому не могу помочь по этой линии.",
      notHeard: "Простите, не удалось расслышать. Повторите, пожалуйста.",
    },
    holding: [
      "Одну минуту, я уточняю. Вы ещё на линии?",
      "Простите, нужно ещё немного времени. Вы подождёте?",
    ],
    progress: [
      "Минутку.",
      "Я всё ещё этим занимаюсь.",
      "Это займёт чуть больше времени.",
      "Кажется, уже почти готово.",
    ],
    tools: {
      search: "Сейчас поищу.",
      files: "Смотрю файлы.",
      command: "Выполняю это на компьютере.",
      calendar: "Сейчас проверю календарь.",
      mail: "Сейчас проверю почту.",
      message: "Занимаюсь этим сообщением.",
      browse: "Открываю страницу.",
      memory: "Сейчас вспомню.",
    },
  },
  ar: {
    fixed: {
      superseded: "حسنًا.",
      acknowledgement: "أها.",
      waiting: "لحظة من فضلك، أنهي أمرًا آخر.",
      failed: "عذرًا، حدث خطأ من جانبي. من فضلك قل ذلك مرة أخرى.",
      timedOut: "عذرًا، هذا يستغرق وقتًا طويلًا. اسألني مرة أخرى بعد قليل أو أرسل لي رسالة.",
      stillWorking: "ما زلت أعمل على ذلك. اسألني مرة أخرى بعد قليل.",
      askingOwner: "يحتاج هذا إلى موافقتك أولًا، وقد أرسلت إليك طلبًا بذلك الآن.",
      givingUp: "عذرًا، لا أستطيع متابعة هذه المكالمة. شكرًا على وقتك، مع السلامة.",
      goodbye: "مع السلامة.",
      empty: "ليس لدي ما أضيفه إلى ذلك.",
      unverified: "عذرًا، لا أعرف من المتحدث، لذلك لا يمكنني المساعدة على هذا الخط.",
      notHeard: "عذرًا، لم أسمع ذلك جيدًا. هل يمكن أن تقوله مرة أخرى؟",
    },
    holding: ["لحظة من فضلك، أنا أتحقق. هل ما زلت معي؟", "عذرًا، أحتاج إلى وقت أطول قليلًا. هل هذا مناسب؟"],
    progress: [
      "لحظة من فضلك.",
      "ما زلت أعمل على ذلك.",
      "هذا يستغرق وقتًا أطول قليلًا.",
      "أظن أنني اقتربت من الانتهاء.",
    ],
    tools: {
      search: "سأبحث عن ذلك.",
      files: "أراجع الملفات الآن.",
      command: "أنفذ ذلك على الحاسوب.",
      calendar: "سأراجع التقويم.",
      mail: "سأراجع البريد.",
      message: "أعمل على هذه الرسالة.",
      browse: "أفتح الصفحة الآن.",
      memory: "دعني أتذكر.",
    },
  },
  es: {
    fixed: {
      superseded: "De acuerdo.",
      acknowledgement: "Ajá.",
      waiting: "Un momento, estoy terminando otra cosa.",
      failed: "Perdón, algo ha fallado por mi parte. Repítelo, por favor.",
      timedOut:
        "Perdón, esto está tardando demasiado. Pregúntame de nuevo en un momento o mándame un mensaje.",
      stillWorking: "Todavía estoy con eso. Pregúntame de nuevo en un momento.",
      askingOwner: "Para esto necesito tu aprobación: acabo de enviarte una solicitud.",
      givingUp: "Perdón, no puedo seguir con esta llamada. Gracias por su tiempo, adiós.",
      goodbye: "Adiós.",
      empty: "No tengo nada que añadir.",
      unverified: "Lo siento, no sé con quién hablo, así que no puedo ayudar en esta línea.",
      notHeard: "Perdón, no lo he oído bien. ¿Puedes repetirlo?",
    },
    holding: [
      "Un momento, por favor, lo estoy comprobando. ¿Sigue ahí?",
      "Perdón, necesito un poco más de tiempo. ¿Le parece bien?",
    ],
    progress: ["Un momento.", "Sigo en ello.", "Está tardando un poco más.", "Creo que ya casi está."],
    tools: {
      search: "Voy a buscarlo.",
      files: "Estoy mirando los archivos.",
      command: "Lo estoy ejecutando en el ordenador.",
      calendar: "Voy a mirar el calendario.",
      mail: "Voy a mirar el correo.",
      message: "Estoy con ese mensaje.",
      browse: "Estoy abriendo la página.",
      memory: "Déjame recordar.",
    },
  },
  fr: {
    fixed: {
      superseded: "D'accord.",
      acknowledgement: "Mm-hm.",
      waiting: "Un instant, je termine autre chose.",
      failed: "Pardon, un problème est survenu de mon côté. Pouvez-vous répéter, s'il vous plaît ?",
      timedOut:
        "Pardon, cela prend trop de temps. Redemandez-moi dans un instant, ou envoyez-moi un message.",
      stillWorking: "J'y travaille encore. Redemandez-moi dans un instant.",
      askingOwner: "Il me faut d'abord votre accord : je viens de vous envoyer une demande.",
      givingUp: "Pardon, je ne peux pas continuer cet appel. Merci de votre temps, au revoir.",
      goodbye: "Au revoir.",
      empty: "Je n'ai rien à ajouter à cela.",
      unverified: "Pardon, je ne sais pas qui parle, je ne peux donc pas aider sur cette ligne.",
      notHeard: "Pardon, je n'ai pas bien entendu. Pouvez-vous répéter ?",
    },
    holding: [
      "Un instant, s'il vous plaît, je vérifie. Vous êtes toujours là ?",
      "Pardon, il me faut encore un peu de temps. Cela vous convient ?",
    ],
    progress: [
      "Un instant.",
      "J'y travaille encore.",
      "Cela prend un peu plus de temps.",
      "Je crois que c'est presque fini.",
    ],
    tools: {
      search: "Je cherche cela.",
      files: "Je regarde les fichiers.",
      command: "Je lance cela sur l'ordinateur.",
      calendar: "Je regarde le calendrier.",
      mail: "Je regarde les mails.",
      message: "Je m'occupe de ce message.",
      browse: "J'ouvre la page.",
      memory: "Laissez-moi me rappeler.",
    },
  },
  de: {
    fixed: {
      superseded: "Okay.",
      acknowledgement: "Mhm.",
      waiting: "Einen Moment, ich bringe gerade noch etwas anderes zu Ende.",
      failed: "Entschuldigung, bei mir ist etwas schiefgegangen. Sag das bitte noch einmal.",
      timedOut:
        "Entschuldigung, das dauert zu lange. Frag mich gleich noch einmal oder schreib mir eine Nachricht.",
      stillWorking: "Ich bin noch dabei. Frag mich gleich noch einmal.",
      askingOwner: "Dafür brauche ich erst deine Zustimmung: Ich habe dir gerade eine Anfrage geschickt.",
      givingUp:
        "Entschuldigung, ich kann dieses Gespräch nicht fortsetzen. Danke für Ihre Zeit, auf Wiederhören.",
      goodbye: "Auf Wiederhören.",
      empty: "Dem habe ich nichts hinzuzufügen.",
      unverified: "Tut mir leid, ich weiß nicht, wer spricht, und kann auf dieser Leitung nicht helfen.",
      notHeard: "Entschuldigung, das habe ich nicht verstanden. Kannst du es noch einmal sagen?",
    },
    holding: [
      "Einen Moment bitte, ich sehe nach. Sind Sie noch da?",
      "Entschuldigung, ich brauche noch einen Augenblick. Ist das in Ordnung?",
    ],
    progress: [
      "Einen Moment.",
      "Ich bin noch dran.",
      "Das dauert ein bisschen länger.",
      "Ich habe es gleich, glaube ich.",
    ],
    tools: {
      search: "Ich schaue das nach.",
      files: "Ich sehe die Dateien durch.",
      command: "Ich führe dafür gerade etwas aus.",
      calendar: "Ich schaue in den Kalender.",
      mail: "Ich schaue in die Mails.",
      message: "Ich kümmere mich um die Nachricht.",
      browse: "Ich öffne gerade die Seite.",
      memory: "Ich überlege kurz, was ich dazu weiß.",
    },
  },
  pt: {
    fixed: {
      superseded: "Certo.",
      acknowledgement: "Aham.",
      waiting: "Um momento, estou terminando outra coisa.",
      failed: "Desculpe, algo deu errado do meu lado. Repita, por favor.",
      timedOut:
        "Desculpe, isso está demorando demais. Pergunte de novo daqui a pouco ou me mande uma mensagem.",
      stillWorking: "Ainda estou trabalhando nisso. Pergunte de novo daqui a pouco.",
      askingOwner: "Preciso da sua aprovação para isso: acabei de enviar um pedido para você.",
      givingUp: "Desculpe, não posso continuar esta ligação. Obrigado pelo seu tempo, até logo.",
      goodbye: "Até logo.",
      empty: "Não tenho nada a acrescentar.",
      unverified: "Desculpe, não sei com quem estou falando, então não posso ajudar nesta linha.",
      notHeard: "Desculpe, não ouvi bem. Pode repetir?",
    },
    holding: [
      "Um momento, por favor, estou verificando. Ainda está aí?",
      "Desculpe, preciso de mais um pouco de tempo. Tudo bem?",
    ],
    progress: [
      "Um momento.",
      "Ainda estou nisso.",
      "Está demorando um pouco mais.",
      "Acho que está quase pronto.",
    ],
    tools: {
      search: "Vou procurar isso.",
      files: "Estou olhando os arquivos.",
      command: "Estou executando isso no computador.",
      calendar: "Vou olhar a agenda.",
      mail: "Vou olhar os e-mails.",
      message: "Estou cuidando dessa mensagem.",
      browse: "Estou abrindo a página.",
      memory: "Deixe-me lembrar.",
    },
  },
  it: {
    fixed: {
      superseded: "Va bene.",
      acknowledgement: "Mm-hm.",
      waiting: "Un momento, sto finendo un'altra cosa.",
      failed: "Scusa, qualcosa è andato storto da parte mia. Ripeti, per favore.",
      timedOut: "Scusa, ci vuole troppo tempo. Chiedimelo di nuovo tra poco o mandami un messaggio.",
      stillWorking: "Ci sto ancora lavorando. Chiedimelo di nuovo tra poco.",
      askingOwner: "Per questo mi serve prima la tua approvazione: ti ho appena mandato una richiesta.",
      givingUp: "Scusi, non posso continuare questa chiamata. Grazie per il suo tempo, arrivederci.",
      goodbye: "Arrivederci.",
      empty: "Non ho niente da aggiungere.",
      unverified: "Mi dispiace, non so chi parla, quindi non posso aiutare su questa linea.",
      notHeard: "Scusa, non ho sentito bene. Puoi ripetere?",
    },
    holding: [
      "Un momento per favore, sto controllando. È ancora in linea?",
      "Scusi, mi serve ancora un po' di tempo. Va bene?",
    ],
    progress: [
      "Un momento.",
      "Ci sto ancora lavorando.",
      "Ci vuole un po' più di tempo.",
      "Credo di aver quasi finito.",
    ],
    tools: {
      search: "Lo cerco subito.",
      files: "Sto guardando i file.",
      command: "Lo sto eseguendo sul computer.",
      calendar: "Guardo il calendario.",
      mail: "Guardo la posta.",
      message: "Mi sto occupando del messaggio.",
      browse: "Sto aprendo la pagina.",
      memory: "Fammi ricordare.",
    },
  },
};
