// Owns the answer to "which tasks are running": what the agent works on in the background.
import type { Language, QuickAnswer } from "./quick-answer.ts";
import { type ListWords, NAMED_AT_MOST, spokenList } from "./spoken-list.ts";

const WORDS: Readonly<Record<Language, ListWords>> = {
  en: {
    none: "Nothing from our conversation is running in the background right now.",
    count: { one: "{n} task is running", other: "{n} tasks are running" },
    first: "The newest",
  },
  zh: {
    none: "我们的对话现在没有后台任务在运行。",
    count: { other: "有{n}个任务正在运行" },
    first: "最近的是",
  },
  ja: {
    none: "この会話から実行中のタスクは今ありません。",
    count: { other: "実行中のタスクは{n}件" },
    first: "新しいものは",
  },
  ko: {
    none: "지금 우리 대화에서 실행 중인 작업은 없어요.",
    count: { other: "실행 중인 작업은 {n}개예요" },
    first: "가장 최근 작업은",
  },
  ru: {
    none: "Из нашего разговора сейчас ничего не выполняется в фоне.",
    count: {
      one: "Выполняется {n} задача",
      few: "Выполняются {n} задачи",
      other: "Выполняется {n} задач",
    },
    first: "Последние",
  },
  ar: {
    none: "لا توجد مهام من محادثتنا قيد التشغيل الآن.",
    count: {
      one: "هناك مهمة واحدة قيد التشغيل",
      two: "هناك مهمتان قيد التشغيل",
      few: "هناك {n} مهام قيد التشغيل",
      other: "هناك {n} مهمة قيد التشغيل",
    },
    first: "أحدثها",
  },
  es: {
    none: "Ahora mismo no hay nada de nuestra conversación en marcha.",
    count: { one: "Hay {n} tarea en marcha", other: "Hay {n} tareas en marcha" },
    first: "Las más recientes",
  },
  fr: {
    none: "Rien de notre conversation n'est en cours pour le moment.",
    count: { one: "{n} tâche est en cours", other: "{n} tâches sont en cours" },
    first: "Les plus récentes",
  },
  de: {
    none: "Aus unserem Gespräch läuft gerade nichts im Hintergrund.",
    count: { one: "Es läuft {n} Aufgabe", other: "Es laufen {n} Aufgaben" },
    first: "Die neuesten",
  },
  pt: {
    none: "Nada da nossa conversa está em andamento agora.",
    count: { one: "Há {n} tarefa em andamento", other: "Há {n} tarefas em andamento" },
    first: "As mais recentes",
  },
  it: {
    none: "Al momento non c'è niente della nostra conversazione in corso.",
    count: { one: "C'è {n} attività in corso", other: "Ci sono {n} attività in corso" },
    first: "Le più recenti",
  },
};

export const runningTasks: QuickAnswer = {
  asked: {
    en: [
      "(what|which|how many) (background |)tasks are (running|in progress|active)( right now| now| at the moment| currently| in the background|)",
      "what (is|tasks are) currently running",
      "(what is|what's) running( right now| now| at the moment| in the background|)",
      "(are there|do you have|do i have|have you got|) any (running|background|active) tasks( running|)( right now| now| at the moment|)",
      "are (any|there any) (background |)tasks running( right now| now| at the moment| in the background|)",
      "is (anything|something) running( right now| now| at the moment| in the background|)",
      "what are you working on( right now| now| at the moment| in the background|)",
      "are you working on (anything|something)( right now| now| at the moment| in the background|)",
      "(what is|what's) the (task status|status of (the|your) (running|background) tasks)",
      "(list|read me|give me) (the|all|all the|your) (running|background|active) tasks",
    ],
    zh: [
      "(有什么|有哪些|有没有|有几个|有|什么|哪些)(后台|)任务(正在|在)(运行|执行|进行)(吗|)",
      "(有什麼|有哪些|有沒有|什麼)(後台|)任務(正在|在)(運行|執行|進行)(嗎|)",
      "(有|有没有|有什么|有哪些)(正在|在)(运行|执行|进行)的任务(吗|)",
      "(你|您)(现在|目前|)(在|正在)(忙什么|忙什麼|忙些什么|处理什么|处理什么任务|执行什么任务)",
      "后台(现在|)(有|有没有)(什么|)(任务|东西|)(在|正在)(跑|运行|执行)(吗|)",
      "(后台|正在运行的)任务(的|)(状态|进度|情况)(怎么样|如何|是什么)",
    ],
    ja: [
      "(今|現在|)(実行中|進行中|動いている)(の|)(タスク|作業|ジョブ)(は|が|には|)(ある|あります|ありますか|何ですか|何|何がありますか|いくつある|いくつありますか|何件ありますか)",
      "(今|現在|)(何か|どんな|どの)(タスク|作業)(が|は)(実行中|進行中|動いている|動いています|動いていますか|実行中ですか|進行中ですか)",
      "(今|現在|)何を(実行していますか|実行しているの|処理していますか|処理しているの)",
    ],
    ko: [
      "(지금|현재|) (실행 중인|진행 중인|돌아가는) (작업|작업이|작업은|태스크|태스크가) (있어|있어요|있나요|있습니까|뭐야|뭐예요|뭐가 있어|뭐가 있어요|몇 개야|몇 개예요)",
      "(지금|현재|) (어떤|무슨) 작업이 (실행|진행) (중이야|중이에요|중인가요|되고 있어|되고 있어요)",
      "(지금|현재|) (무슨|어떤) (작업을|일을) (하고 있어|하고 있어요|처리하고 있어|처리하고 있어요)",
    ],
    ru: [
      "какие (задачи|задания) (сейчас |)(выполняются|запущены|в работе)( сейчас|)",
      "(есть ли |есть |)(сейчас |)(выполняющиеся|запущенные|активные|фоновые) (задачи|задания)",
      "сколько (задач|заданий) (сейчас |)(выполняется|запущено)( сейчас|)",
      "над чем ты (сейчас |)работаешь( сейчас|)",
      "что (сейчас |)(выполняется|запущено)( сейчас| в фоне|)",
    ],
    ar: [
      "ما( هي|) المهام (الجارية|قيد التشغيل|قيد التنفيذ|التي تعمل)( الآن| حاليا|)",
      "هل (هناك|توجد|لديك) (مهام|أي مهام) (جارية|قيد التشغيل|قيد التنفيذ)( الآن| حاليا|)",
      "كم مهمة (قيد التشغيل|قيد التنفيذ|جارية)( الآن|)",
      "على ماذا تعمل( الآن| حاليا|)",
    ],
    es: [
      "qué tareas (están|hay) (en marcha|en curso|en ejecución|ejecutándose|corriendo)( ahora| ahora mismo| en este momento|)",
      "(hay|tienes) (alguna tarea|tareas|algo) (en marcha|en curso|en ejecución|en segundo plano)( ahora| ahora mismo|)",
      "cuántas tareas (están|hay) (en marcha|en curso|en ejecución)( ahora| ahora mismo|)",
      "en qué estás trabajando( ahora| ahora mismo| en este momento|)",
      "estás trabajando en algo( ahora| ahora mismo|)",
    ],
    fr: [
      "quelles (sont les tâches|tâches sont) en cours( en ce moment| actuellement|)",
      "(y a t il|est ce qu'il y a|il y a|as tu|avez vous) des tâches en cours( en ce moment| actuellement|)",
      "combien (de tâches sont|y a t il de tâches|de tâches) en cours( en ce moment|)",
      "sur quoi (travailles tu|tu travailles|est ce que tu travailles|travaillez vous|vous travaillez)( en ce moment| actuellement|)",
    ],
    de: [
      "(welche|wie viele) (aufgaben|tasks) laufen( gerade| im moment| jetzt| aktuell| im hintergrund| gerade im hintergrund|)",
      "was läuft( gerade|) im hintergrund",
      "läuft (etwas|was|irgendwas|irgendetwas|gerade etwas|gerade was) im hintergrund",
      "laufen( gerade| im moment|) (aufgaben|irgendwelche aufgaben)( im hintergrund|)",
      "woran arbeitest du( gerade| im moment| jetzt|)",
      "arbeitest du( gerade|) an etwas",
      "(gibt es|hast du) laufende aufgaben",
    ],
    pt: [
      "(que|quais) tarefas (estão|há) (em andamento|em execução|rodando|a correr)( agora| no momento|)",
      "(há|tem|existem) (alguma tarefa|tarefas) (em andamento|em execução|rodando)( agora| no momento|)",
      "quantas tarefas (estão|há) (em andamento|em execução|rodando)( agora|)",
      "em que (você está trabalhando|estás a trabalhar|está trabalhando)( agora| no momento|)",
      "no que você está trabalhando( agora| no momento|)",
    ],
    it: [
      "(quali|che) attività (sono|ci sono) in (corso|esecuzione)( adesso| ora| al momento|)",
      "(ci sono|hai) (delle |)attività in (corso|esecuzione)( adesso| ora| al momento|)",
      "quante attività (sono|ci sono) in (corso|esecuzione)( adesso| ora| al momento|)",
      "(a cosa|su cosa) stai lavorando( adesso| ora| al momento|)",
      "stai lavorando a qualcosa( adesso| ora| al momento|)",
    ],
  },
  mayBeReferredTo: true,
  answer: async (language, facts) => {
    const tasks = await facts.runningTasks();
    return spokenList(language, WORDS[language], tasks.length, tasks.slice(0, NAMED_AT_MOST));
  },
};
