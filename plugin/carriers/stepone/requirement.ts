/**
 * Owns what a requirement, the text a StepOne call is led by, should say (seed, "注意事项"): who is called, so that
 * the call begins by making sure of it; when and where, in so many words. Looks for marks of these in Chinese and
 * English. It cannot know what a text means: it is there to warn before money is spent, never to forbid. Owns also how
 * the requirement is put together where we write it.
 */

/** What a good requirement contains. */
export type RequirementPart = "name" | "time" | "place";

/** Family names, the most frequent ones; those that begin everyday words are left out or fenced by {@link NO_NAME}. */
const FAMILY =
  "(?:欧阳|司马|上官|诸葛|司徒|夏侯|皇甫|尉迟|公孙|慕容|令狐|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘蒋蔡余杜叶魏苏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤])";

/** Everyday words that begin like a name. */
const NO_NAME =
  "(?!高[考中速级铁层温价端度峰校]|方[便案式法面向]|周[一二三四五六日末围年期边会]|金[额融华]|白[天酒]|马[上路]|黄[金色]|万[一元]|任[何务意]|何[时地处]|许[多可]|石[家油]|江[苏西南]|苏州|郑州|徐州|温州|武汉|谢谢|余[额下款]|毛病|向[您你他她我]|雷[雨电]|史上|夏[天季]|秦皇|钱[款包]|孔|严[重格]|龙头|段时|顾客|金牌|付[款费]|沈阳|范围|汤|陆续|白领|江湖|田[径地]|贺[卡喜]|唐山|杜绝)";

const TITLE =
  "(?:总(?![结是共计体数之会])|先生|女士|小姐|太太|夫人|老师|医生|大夫|护士|经理|主任|主管|教授|博士|律师|师傅|阿姨|叔叔|大爷|大妈|大哥|大姐|哥|姐|工(?![作资程厂人具艺业地期])|工程师|董(?!事会)|老板|局长|处长|科长|院长|校长|部长|会长|组长|队长|店长|厂长|所长|行长|书记|会计|秘书|同学|同志|女生|顾问|教练|导师|法官|警官)";

const MARKS: Readonly<Record<RequirementPart, readonly RegExp[]>> = {
  name: [
    // 张总, 王小明先生, 小李, 老陈
    new RegExp(`${FAMILY}[\\p{Script=Han}]{0,2}?${TITLE}`, "u"),
    new RegExp(`(?<![大最很太更越还不])[小老阿]${NO_NAME}${FAMILY}(?![于])`, "u"),
    // 通知张三…, 请问是李晓明吗
    new RegExp(
      `(?:请问是|您是|你是|通知|告诉|告知|联系|打给|致电|询问|提醒|邀请|祝贺|感谢|问|找|叫|名字是|姓名[:：]?|客户|用户|机主|收件人|对方是|同事|朋友|给|和|跟|向|请|约)\\s*[“"「]?${NO_NAME}${FAMILY}[\\p{Script=Han}]{1,2}`,
      "u",
    ),
    // 张伟，您好
    new RegExp(`^\\s*${NO_NAME}${FAMILY}[\\p{Script=Han}]{1,2}(?=[，,：:、]|您好|你好)`, "u"),
    // 通知Tom明天…
    /(?:请问是|通知|告诉|告知|联系|打给|致电|询问|提醒|邀请|问|找|叫|给|和|跟|请|约)\s*\p{Lu}\p{Ll}+/u,
    /(?<!\p{L})(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Madam|Uncle|Aunt)\.?\s+\p{Lu}/u,
    /(?<!\p{L})(?:[Cc]all|[Tt]ell|[Nn]otify|[Ii]nform|[Rr]emind|[Aa]sk|[Ii]nvite|[Cc]ontact|[Rr]each|[Ff]or|to|with|[Ii]s this|name is|named|[Cc]ustomer|[Cc]olleague|[Ff]riend|[Gg]reet|[Tt]hank|[Cc]ongratulate)\s+(?!(?:I|The|A|An|You|Your|We|Our|It|AI|This|That|All|Every\w*|Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|China|Beijing|Shanghai|Guangzhou|Shenzhen|January|February|March|April|May|June|July|August|September|October|November|December)(?:day)?(?!\p{L}))\p{Lu}[\p{L}'’-]+/u,
    /^\s*\p{Lu}\p{Ll}+(?:\s\p{Lu}\p{Ll}+)?,/u,
  ],
  time: [
    /[今明后昨][天日晚早晨]|[上下中正]午|早上|晚上|凌晨|傍晚|半夜|[这本上下]个?(?:周|星期|礼拜|月|季度)|(?:周|星期|礼拜)[一二三四五六日天末]|月[底初中]|年[底初]|明年|今年|现在|马上|立即|尽快|国庆|春节|元旦|中秋|五一|端午|清明|元宵/u,
    /[\d一二三四五六七八九十两半]\s*(?:点|时|号|日|月|分钟|小时|个小时|天[后内]|周[后内])|\d\s*[:：]\s*\d\d|\d+[/.-]\d+/u,
    /\b(?:today|tonight|tomorrow|yesterday|noon|midnight|morning|afternoon|evening|now|immediately|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:this|next) (?:week|month|year|quarter)|(?:january|february|march|april|june|july|august|september|october|november|december)|\d{1,2}\s*(?:[ap]\.?m\b|o['’]?clock)|in (?:\d+|an?|two|three) (?:minutes?|hours?|days?|weeks?))/iu,
  ],
  place: [
    /会议室|办公室|公司|大厦|大楼|写字楼|酒店|宾馆|餐厅|饭店|医院|诊所|学校|小区|机场|车站|火车站|高铁站|地铁|广场|商场|超市|中心|银行|门店|门口|前台|仓库|工厂|园区|公园|展厅|展馆|线上|腾讯会议|钉钉|飞书|地址|家里|楼下|现场/u,
    /[\dA-Za-z一二三四五六七八九十]\s*(?:楼|层|栋|座|室|号门|号楼|号院)|[路街道巷弄]\s*\d+\s*号|[\p{Script=Han}]{2,}(?:省|市|区|县|镇|村|路|街)(?![\p{Script=Han}]*?(?:别|分|域|块|过|上|径|由|场价))/u,
    /在[^，。,.！!？?\s]{1,12}(?:店|馆|楼|院|厅|室|园|部|厂|场|校|站|处|所|城)/u,
    /\b(?:room|office|hotel|restaurant|cafe|café|hospital|clinic|school|university|airport|station|street|road|avenue|building|tower|floor|hall|cent(?:er|re)|park|plaza|mall|shop|store|bank|online|zoom|address|lobby|entrance|warehouse|factory)\b/iu,
    /\b(?:in|at)\s+(?!(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)\p{Lu}\p{Ll}+/u,
  ],
};

/** What of a good requirement this one does not seem to contain. */
export function missingParts(requirement: string): readonly RequirementPart[] {
  const plain = requirement.normalize("NFKC");
  return (Object.keys(MARKS) as RequirementPart[]).filter(
    (part) => !MARKS[part].some((mark) => mark.test(plain)),
  );
}

/**
 * The requirement with the identity check at its start, in its language: the person is addressed by `name` (a name or
 * a title) and confirms before anything else is said. The requirement itself stays as it is.
 */
export function withIdentityCheck(requirement: string, name: string): string {
  const check = isChinese(requirement)
    ? `通话开始先确认对方身份：称呼“${name}”，问“请问是${name}吗？”，等对方确认是本人之后再说事情；如果不是本人，不要透露内容，礼貌地结束通话。`
    : `Begin by making sure who is on the phone: address the person as "${name}", ask "Am I speaking with ${name}?" and wait for the confirmation before anything else. If it is somebody else, tell them nothing of this and end the call politely.`;
  return `${check}\n${requirement}`;
}

/** What a call is to be about, and whose it is. */
export interface Errand {
  readonly isToOwner: boolean;
  /** What is said first. */
  readonly greeting: string;
  readonly purpose: string | undefined;
  readonly context: string | undefined;
  readonly ownerName?: string | undefined;
  readonly agentName?: string | undefined;
}

/**
 * The requirement of a call that we place, in Chinese when its purpose has Chinese characters (or, without a purpose,
 * its first words), else in English. Purpose, context and first words stand in it as they were given. Somebody else
 * hears at the start that an AI is calling, and for whom.
 */
export function composeRequirement(errand: Errand): string {
  const { greeting, context } = errand;
  const purpose = errand.purpose === greeting ? undefined : errand.purpose;
  const words = COMPOSED[isChinese(errand.purpose ?? greeting) ? "zh" : "en"];
  const parts = [
    errand.isToOwner ? words.toOwner(errand) : words.toOther(errand),
    greeting === "" ? "" : `${words.greeting(greeting)}\n${greeting}`,
    purpose === undefined ? "" : `${words.purpose}\n${purpose}`,
    context === undefined ? "" : `${words.context}\n${context}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

interface ComposedWords {
  toOwner(names: Pick<Errand, "ownerName" | "agentName">): string;
  toOther(names: Pick<Errand, "ownerName" | "agentName">): string;
  /** What stands above the first words. */
  greeting(greeting: string): string;
  readonly purpose: string;
  readonly context: string;
}

const COMPOSED: Readonly<Record<"zh" | "en", ComposedWords>> = {
  zh: {
    toOwner: ({ ownerName, agentName }) =>
      `你是人工智能助理${agentName ?? ""}，打给你的主人${ownerName ?? ""}本人，用中文通话。`,
    toOther: ({ ownerName, agentName }) =>
      `你是人工智能助理${agentName ?? ""}，代表${ownerName ?? "你的主人"}打这个电话，用中文通话。接通后第一句话必须说明：你是人工智能助理，代表${ownerName ?? "你的主人"}来电；不要冒充真人。知道对方姓名时，先确认是本人再说事情。`,
    greeting: (greeting) =>
      isChinese(greeting) ? "【开场白，接通后先说】" : "【开场白，接通后先用中文说出它的意思】",
    purpose: "【通话目的】",
    context: "【可以参考的信息】",
  },
  en: {
    toOwner: ({ ownerName, agentName }) =>
      `You are ${agentName === undefined ? "" : `${agentName}, `}an AI assistant, calling the person you work for${ownerName === undefined ? "" : `, ${ownerName}`}.`,
    toOther: ({ ownerName, agentName }) =>
      `You are ${agentName === undefined ? "" : `${agentName}, `}an AI assistant, calling on behalf of ${ownerName ?? "the person you work for"}. Your first sentence must say so: that you are an AI assistant, and that you are calling on behalf of ${ownerName ?? "the person you work for"}. Never pretend to be a human. Where you know the name of the person called, make sure who is on the phone before you tell anything.`,
    greeting: () => "Say first:",
    purpose: "What the call is for:",
    context: "What you may use:",
  },
};

function isChinese(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}
