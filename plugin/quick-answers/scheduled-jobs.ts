// Owns the answer to "which jobs are scheduled". What may mean the calendar or a list of things to do goes to the model.
import type { Language, QuickAnswer } from "./quick-answer.ts";
import { type ListWords, NAMED_AT_MOST, spokenList } from "./spoken-list.ts";
import { spokenTime } from "./spoken-time.ts";

const WORDS: Readonly<Record<Language, ListWords>> = {
  en: {
    none: "No jobs are scheduled.",
    count: { one: "{n} job is scheduled", other: "{n} jobs are scheduled" },
    first: "The next ones",
  },
  zh: { none: "现在没有定时任务。", count: { other: "有{n}个定时任务" }, first: "接下来的是" },
  ja: {
    none: "予定されているジョブはありません。",
    count: { other: "予定されているジョブは{n}件" },
    first: "次は",
  },
  ko: { none: "예약된 작업이 없어요.", count: { other: "예약된 작업은 {n}개예요" }, first: "다음 작업은" },
  ru: {
    none: "Запланированных заданий нет.",
    count: {
      one: "Запланировано {n} задание",
      few: "Запланировано {n} задания",
      other: "Запланировано {n} заданий",
    },
    first: "Ближайшие",
  },
  ar: {
    none: "لا توجد مهام مجدولة.",
    count: {
      one: "هناك مهمة مجدولة واحدة",
      two: "هناك مهمتان مجدولتان",
      few: "هناك {n} مهام مجدولة",
      other: "هناك {n} مهمة مجدولة",
    },
    first: "أقربها",
  },
  es: {
    none: "No hay tareas programadas.",
    count: { one: "Hay {n} tarea programada", other: "Hay {n} tareas programadas" },
    first: "Las próximas",
  },
  fr: {
    none: "Aucune tâche n'est planifiée.",
    count: { one: "{n} tâche est planifiée", other: "{n} tâches sont planifiées" },
    first: "Les prochaines",
  },
  de: {
    none: "Es sind keine Aufgaben geplant.",
    count: { one: "Es ist {n} Aufgabe geplant", other: "Es sind {n} Aufgaben geplant" },
    first: "Die nächsten",
  },
  pt: {
    none: "Não há tarefas agendadas.",
    count: { one: "Há {n} tarefa agendada", other: "Há {n} tarefas agendadas" },
    first: "As próximas",
  },
  it: {
    none: "Non ci sono attività pianificate.",
    count: { one: "C'è {n} attività pianificata", other: "Ci sono {n} attività pianificate" },
    first: "Le prossime",
  },
};

/** A job and when it runs, in one breath. */
const NAME_AND_TIME: Readonly<Partial<Record<Language, (name: string, when: string) => string>>> = {
  zh: (name, when) => `${when}的${name}`,
  ja: (name, when) => `${when}の${name}`,
  ko: (name, when) => `${when} ${name}`,
};

export const scheduledJobs: QuickAnswer = {
  asked: {
    en: [
      "(what|which) (scheduled|cron|scheduled cron) (jobs|tasks|automations) (do i have|do we have|have i got|do you have|are there|are set up|are active)( right now|)",
      "(what|which) (jobs|automations|cron jobs) are (scheduled|set up)( right now|)",
      "(do i have|do we have|have i got|do you have|are there|) any (scheduled|cron) (jobs|tasks|automations)( set up|)",
      "are (any|there any) (jobs|automations) scheduled",
      "how many (scheduled|cron) (jobs|tasks|automations) (do i have|do we have|are there|have i got)",
      "(what are|list|read me|read out|give me) (my|the|all my|all the|all) (scheduled|cron) (jobs|tasks|automations)",
      "(what is|what's|when is|when's) (the|my) next (scheduled|cron) (job|task|automation)",
    ],
    zh: [
      "(我|)(有什么|有哪些|都有哪些|有多少|有多少个|有几个|有没有|有没有什么)(定时|计划|自动)任务(吗|)",
      "(我|)(有什麼|有哪些|有多少|有幾個|有沒有)(定時|計劃)任務(嗎|)",
      "(我|)(现在|)有(定时|计划)任务(吗|没有)",
      "(我的|所有的|所有|)(定时|计划)任务(有哪些|都有哪些|有什么|有几个|有多少|有多少个|是什么)",
      "(列出|看看|查看|查一下|说说|念一下)(我的|所有的|所有|)(定时|计划)任务",
      "(下一个|下个)(定时|计划)任务(是什么|是什么时候|什么时候|是哪个|是几点)",
    ],
    ja: [
      "(予定されている|予定された|スケジュールされている|スケジュールされた|予約された|予約済みの|定期)(ジョブ|タスク)(は|が|には|)(ある|あります|ありますか|何がありますか|何がある|いくつある|いくつありますか|何件ある|何件ありますか|何ですか|何)",
      "(どんな|どの)(ジョブ|タスク)が(予定されている|予定されています|予定されていますか|スケジュールされていますか|予約されていますか)",
      "次の(ジョブ|予定されているジョブ|予定されたジョブ|定期ジョブ)は(何|何ですか|いつ|いつですか)",
    ],
    ko: [
      "(예약된|예약|정기) 작업(이|은|에는|) (뭐가 있어|뭐가 있어요|뭐 있어|뭐 있어요|뭐야|뭐예요|있어|있어요|있나요|있습니까|몇 개야|몇 개 있어|몇 개 있어요|몇 개예요|몇 개인가요)",
      "어떤 작업이 예약(돼|되어) (있어|있어요|있나요|있습니까)",
      "다음 (예약된 |예약 |정기 )작업은 (뭐야|뭐예요|언제야|언제예요|언제인가요)",
      "(예약된|예약|정기) 작업(을|) (보여 줘|보여 주세요|읽어 줘|읽어 주세요)",
    ],
    ru: [
      "какие (у меня |)(есть |)запланированные (задания|задачи)( есть| у меня есть| у меня|)",
      "какие (задания|задачи) (у меня |)запланированы",
      "(есть ли |есть |)(у меня |)(есть |)запланированные (задания|задачи)",
      "сколько (у меня |)запланированных (заданий|задач)( у меня|)",
      "(перечисли|перечислите|назови|назовите) (мои |все |все мои |)запланированные (задания|задачи)",
      "(какое|когда) следующее запланированное задание",
      "(какая|когда) следующая запланированная задача",
    ],
    ar: [
      "ما( هي|) (المهام|الوظائف) المجدولة( لدي| عندي|)",
      "هل (لدي|عندي|هناك|توجد|يوجد) (مهام|وظائف|أي مهام) مجدولة",
      "كم (مهمة مجدولة|عدد المهام المجدولة) (لدي|عندي|هناك|)",
      "(ما|متى)( هي|) المهمة المجدولة (التالية|القادمة)",
    ],
    es: [
      "(qué|cuáles) (tareas programadas|trabajos programados) (tengo|hay)",
      "qué (tareas|trabajos) (tengo|hay) (programadas|programados)",
      "(tengo|hay) (tareas programadas|alguna tarea programada|trabajos programados|algún trabajo programado)",
      "(cuántas tareas programadas|cuántos trabajos programados) (tengo|hay)",
      "(cuáles son|lee|léeme) (mis|las) tareas programadas",
      "(cuál|cuándo) es (la|mi) próxima tarea programada",
    ],
    fr: [
      "(quelles tâches|quels travaux) (planifiées|programmées|planifiés|programmés) (ai je|y a t il|j'ai)",
      "quelles tâches sont (planifiées|programmées)",
      "(est ce que j'ai|j'ai|ai je|y a t il|est ce qu'il y a) des tâches (planifiées|programmées)",
      "combien (ai je de|y a t il de|j'ai de|de) tâches (planifiées|programmées)( ai je| y a t il| j'ai|)",
      "quelles sont (mes|les) tâches (planifiées|programmées)",
      "(quelle|quand) est (la|ma) prochaine tâche (planifiée|programmée)",
    ],
    de: [
      "(welche|wie viele|was für) geplanten (aufgaben|jobs) (habe ich|gibt es|sind da)",
      "(welche|wie viele|was für) geplante (aufgaben|jobs) (habe ich|gibt es|sind da)",
      "(welche|wie viele) (cronjobs|cron jobs) (habe ich|gibt es|sind geplant)",
      "(welche|wie viele) (jobs|aufgaben) sind geplant",
      "(habe ich|gibt es|hab ich) (geplante|irgendwelche geplanten) (aufgaben|jobs)",
      "(was|wann) ist (der|mein) nächste(r|) geplante(r|) job",
      "(was|wann) ist (die|meine) nächste geplante aufgabe",
      "was sind (meine|die) geplanten (aufgaben|jobs)",
    ],
    pt: [
      "(quais|que) tarefas agendadas (eu tenho|tenho|há|existem|tem)",
      "que tarefas (eu tenho|tenho|há|estão) agendadas",
      "(eu tenho|tenho|há|existem|tem) (tarefas agendadas|alguma tarefa agendada)",
      "quantas tarefas agendadas (eu tenho|tenho|há|existem)",
      "quais são (as minhas|minhas|as) tarefas agendadas",
      "(qual|quando) é (a|a minha|minha) próxima tarefa agendada",
    ],
    it: [
      "(quali|che) attività (pianificate|programmate) (ho|ci sono)",
      "quali attività sono (pianificate|programmate)",
      "(ho|ci sono) (delle |)attività (pianificate|programmate)",
      "quante attività (pianificate|programmate) (ho|ci sono)",
      "quali sono le (mie |)attività (pianificate|programmate)",
      "(qual|quando) è la (mia |)prossima attività (pianificata|programmata)",
    ],
  },
  mayBeReferredTo: true,
  answer: async (language, facts) => {
    const jobs = await facts.scheduledJobs();
    const named = jobs.slice(0, NAMED_AT_MOST).map(({ name, nextRun }) => {
      if (nextRun === undefined) return name;
      const when = spokenTime(nextRun, language, facts.now, facts.timezone);
      return NAME_AND_TIME[language]?.(name, when) ?? `${name} ${when}`;
    });
    return spokenList(language, WORDS[language], jobs.length, named);
  },
};
