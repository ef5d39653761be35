// Owns the answer to "what is your name" and "who are you". What may ask for somebody else's ("cómo se llama",
// "who is this") goes to the model.
import type { Language, QuickAnswer } from "./quick-answer.ts";

const ANSWERS: Readonly<Record<Language, (name: string) => string>> = {
  en: (name) => `I'm ${name}, your AI assistant.`,
  zh: (name) => `我是${name}，您的人工智能助理。`,
  ja: (name) => `${name}です。あなたのAIアシスタントです。`,
  ko: (name) => `제 이름은 ${name}, AI 비서예요.`,
  ru: (name) => `Меня зовут ${name}, я ваш ИИ-ассистент.`,
  ar: (name) => `أنا ${name}، مساعدك الذكي.`,
  es: (name) => `Soy ${name}, tu asistente de inteligencia artificial.`,
  fr: (name) => `Je suis ${name}, votre assistant d'intelligence artificielle.`,
  de: (name) => `Ich bin ${name}, dein KI-Assistent.`,
  pt: (name) => `Eu sou ${name}, seu assistente de inteligência artificial.`,
  it: (name) => `Sono ${name}, il tuo assistente di intelligenza artificiale.`,
};

export const identity: QuickAnswer = {
  asked: {
    en: [
      "(what is|what's) your name",
      "what your name is",
      "who (are you|you are)",
      "(who|whom) am i (talking|speaking) (to|with)",
      "what are you called",
      "what (do|should|can) i call you",
      "introduce yourself",
    ],
    zh: [
      "(你|您)(是谁|是誰|是哪位|叫什么|叫什麼|叫啥)",
      "(你|您)(叫|的名字是|的名字叫|名字叫|名字是|叫做)(什么|什麼|啥)(名字|)",
      "(我|)(该|应该|)怎么称呼(你|您)",
      "(你|您|)(自我介绍|介绍一下自己|介绍一下你自己)",
      "我在(和|跟|同)谁(说话|通话|讲话)",
    ],
    ja: [
      "(あなたのお|あなたの|君の|お)名前(は|は何|は何ですか|はなんですか|はなに|は何て言うの|は何と言いますか|を教えて|を教えてください)",
      "(あなたは|君は)(誰|だれ|どなた)(ですか|なの|なんですか|)",
      "(どちら様|どちらさま)ですか",
      "(何|なん)て呼べばいい(ですか|の|)",
      "自己紹介(して|してください|をして|をしてください|をお願いします)",
    ],
    ko: [
      "(너|넌|너는|당신은)(누구야|누구니|누구예요|누구에요|누구세요|누구입니까|누구신가요)",
      "(누구세요|누구신가요)",
      "(네|니|너의|너|당신의|당신)(이름이|이름은|이름)(뭐야|뭐니|뭐예요|뭐에요|뭐죠|뭡니까|뭔가요|무엇입니까|무엇인가요|알려 줘|알려 주세요)",
      "성함이 어떻게 되(세요|시나요|십니까)",
      "(자기소개|자기소개를|자기소개 좀)(해 줘|해 주세요|해 봐)",
    ],
    ru: [
      "как (тебя|вас) (зовут|называть|звать)",
      "кто (ты|вы)( такой| такая| такие|)",
      "(ты|вы) кто( такой| такая| такие|)",
      "(как|какое) (твоё|ваше|у тебя|у вас) имя",
      "с кем я (говорю|разговариваю)",
      "(представься|представьтесь)",
    ],
    ar: [
      "ما( هو|) اسمك",
      "(شو|ايش|وش) اسمك",
      "اسمك (ايه|شو|ايش|إيه)",
      "(من|مين) (انت|أنت|أنتِ|انتي|تكون|معي|معايا)",
      "مع من (أتحدث|أتكلم)",
      "عرف(ني|) (بنفسك|عن نفسك|على نفسك)",
    ],
    es: [
      "cómo (te llamas|se llama usted|te llamo)",
      "cuál es tu nombre",
      "quién (eres|eres tú|es usted)",
      "con quién (hablo|estoy hablando)",
      "(preséntate|preséntese)",
    ],
    fr: [
      "comment (tu t'appelles|t'appelles tu|est ce que tu t'appelles|vous vous appelez|vous appelez vous)",
      "tu t'appelles comment",
      "(quel est|c'est quoi) (ton|votre) (nom|prénom)",
      "(qui es tu|tu es qui|t'es qui|qui êtes vous|vous êtes qui)",
      "à qui (je parle|ai je l'honneur|est ce que je parle)",
      "(présente toi|présentez vous)",
    ],
    de: [
      "wie heißt du( eigentlich| denn| noch mal|)",
      "(wie|was) ist dein name",
      "wer (bist du|spricht da|spricht dort)",
      "mit wem (spreche|rede) ich",
      "(stell dich|stellen sie sich)( mal| bitte|) vor",
      "wie (soll|kann|darf) ich (dich|sie) nennen",
    ],
    pt: [
      "qual (é |)(o |)(seu|teu) nome",
      "como (você se chama|te chamas|é que te chamas|é o seu nome|é seu nome)",
      "quem (é você|és tu|você é)",
      "com quem (eu |)(falo|estou falando|estou a falar)",
      "(se apresente|apresente se|apresenta te)",
    ],
    it: [
      "come (ti chiami|si chiama lei)",
      "qual è il tuo nome",
      "chi (sei|è lei)",
      "con chi (parlo|sto parlando)",
      "(presentati|si presenti)",
    ],
  },
  mayBeReferredTo: false,
  answer: async (language, { agentName }) =>
    agentName === undefined ? undefined : ANSWERS[language](agentName),
};
