// Owns the answer to "how are you". Words that are an answer as well ("ça va", "tudo bem"), or ask after somebody
// else ("come sta"), go to the model.
import type { Language, QuickAnswer } from "./quick-answer.ts";

const ANSWERS: Readonly<Record<Language, string>> = {
  en: "I'm doing well, thank you. What can I do for you?",
  zh: "我很好，谢谢。有什么可以帮您？",
  ja: "元気です、ありがとうございます。何をお手伝いしましょうか。",
  ko: "잘 지내고 있어요, 고마워요. 무엇을 도와드릴까요?",
  ru: "Всё хорошо, спасибо. Чем могу помочь?",
  ar: "أنا بخير، شكرًا. كيف يمكنني مساعدتك؟",
  es: "Muy bien, gracias. ¿En qué puedo ayudarte?",
  fr: "Je vais bien, merci. Que puis-je faire pour vous ?",
  de: "Mir geht es gut, danke. Was kann ich für dich tun?",
  pt: "Estou bem, obrigado. Em que posso ajudar?",
  it: "Sto bene, grazie. Come posso aiutarti?",
};

export const howAreYou: QuickAnswer = {
  asked: {
    en: [
      "how are you( doing|)( today| this morning| this afternoon| this evening| tonight| right now|)",
      "(how is|how's) it going( today|)",
      "how are things( going|)( with you|)",
      "how (have you been|do you do|you doing)( today|)",
      "what's up",
    ],
    zh: [
      "(你|您)(好|还好|最近好|今天好)(吗|嗎|么)",
      "(你|您)(最近|今天|)(怎么样|怎麼樣|过得怎么样|还好吧)",
      "最近(怎么样|怎麼樣|好吗|好嗎|如何)",
    ],
    ja: [
      "(お|)元気(ですか|でしたか|かい|)",
      "(調子|ご機嫌|ごきげん)は(どう|どうですか|いかがですか)",
      "最近(は|)(どう|どうですか|いかがですか)",
    ],
    ko: [
      "(오늘|요즘|)(잘 지내|잘 지내요|잘 지내세요|잘 지내니|잘 지냈어|잘 지냈어요|잘 지내셨어요)",
      "(오늘|요즘|)(어떻게 지내|어떻게 지내요|어떻게 지내세요|기분이 어때|기분이 어때요|기분 어때|기분 어때요)",
      "요즘 (어때|어때요|어떠세요)",
    ],
    ru: [
      "как (твои |ваши |у тебя |у вас |)дела( сегодня|)",
      "как (ты|вы|поживаешь|поживаете|ты поживаешь|вы поживаете|жизнь|настроение)( сегодня|)",
    ],
    ar: [
      "كيف (حالك|حالكم|الحال|أنت|انتي)( اليوم|)",
      "(كيفك|شلونك|شخبارك|ازيك|إزيك|عامل ايه|عاملة ايه)( اليوم|)",
    ],
    es: ["(cómo|qué tal) (estás|está usted|te va|andas)( hoy|)", "qué tal( hoy| todo|)", "cómo va todo"],
    fr: [
      "comment (ça va|vas tu|tu vas|allez vous|vous allez|vous portez vous)( aujourd'hui|)",
      "(est ce que |)(tu vas|vous allez) bien",
    ],
    de: [
      "wie (geht es|geht's|gehts) dir( heute|)( so|)( denn|)",
      "wie (geht's|gehts)( heute|)( so|)( denn|)",
      "wie (läuft's|läufts|läuft es)( so| bei dir|)",
    ],
    pt: ["como (você está|estás|vai|vai você|você vai|vais|tem passado|vão as coisas)( hoje|)"],
    it: ["come (stai|va|te la passi)( oggi|)"],
  },
  mayBeReferredTo: false,
  answer: async (language) => ANSWERS[language],
};
