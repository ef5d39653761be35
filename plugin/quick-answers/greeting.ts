// Owns the answer to a greeting. Words that are goodbyes as well ("ciao", "salut", "안녕") go to the model.
import type { Language, QuickAnswer } from "./quick-answer.ts";

/** They fit any time of the day. */
const ANSWERS: Readonly<Record<Language, string>> = {
  en: "Hello! What can I do for you?",
  zh: "您好！有什么可以帮您？",
  ja: "はい、何をお手伝いしましょうか。",
  ko: "안녕하세요. 무엇을 도와드릴까요?",
  ru: "Здравствуйте! Чем могу помочь?",
  ar: "أهلًا! كيف يمكنني مساعدتك؟",
  es: "¡Hola! ¿En qué puedo ayudarte?",
  fr: "Oui, je vous écoute. Que puis-je faire pour vous ?",
  de: "Hallo! Was kann ich für dich tun?",
  pt: "Olá! Em que posso ajudar?",
  it: "Salve! Come posso aiutarti?",
};

export const greeting: QuickAnswer = {
  asked: {
    en: ["(hello|hi|hey|hiya|howdy|good morning|good afternoon|good evening|good day)( there|)"],
    zh: ["(你|您)好", "(哈喽|哈啰|嗨|喂|早|早安|早上好|上午好|中午好|下午好|晚上好|哈囉)"],
    ja: ["(こんにちは|こんばんは|おはよう|おはようございます|もしもし|やあ|どうも|ハロー)"],
    ko: ["(안녕하세요|안녕하십니까|여보세요|좋은 아침|좋은 아침이에요|좋은 아침입니다)"],
    ru: ["(привет|приветик|здравствуй|здравствуйте|добрый день|доброе утро|добрый вечер|алло|алё)"],
    ar: ["(مرحبا|مرحبا بك|أهلا|أهلا وسهلا|صباح الخير|مساء الخير|ألو|هلا|هاي)"],
    es: ["(hola|buenos días|buen día|buenas tardes|buenas|muy buenas|aló)"],
    fr: ["(bonjour|bonsoir|coucou|allô)"],
    de: ["(hallo|hi|hey|guten morgen|guten tag|guten abend|moin|moin moin|grüß dich|grüß gott)"],
    pt: ["(olá|oi|bom dia|boa tarde|alô)"],
    it: ["(salve|buongiorno|buon giorno|buon pomeriggio|buonasera|buona sera|pronto)"],
  },
  mayBeReferredTo: false,
  answer: async (language) => ANSWERS[language],
};
