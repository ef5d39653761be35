import { describe, expect, it } from "vitest";
import { detectLanguage } from "../../plugin/speech/language.ts";

describe("the language of what a caller says", () => {
  it.each([
    ["en", "What's the weather like today?"],
    ["en", "Remind me to buy milk at five"],
    ["en", "My friend 王小明 is coming"],
    ["es", "¿Qué hora es?"],
    ["es", "Necesito cambiar mi cita"],
    ["fr", "Quelle heure est-il"],
    ["fr", "Rappelle-moi demain s’il te plaît"],
    ["de", "Ruf mich bitte morgen an"],
    ["pt", "Que horas são"],
    ["it", "Che tempo fa oggi?"],
    ["nl", "Kun je me vertellen wat voor weer het morgen wordt?"],
    ["pl", "Dzień dobry, czy możesz mi powiedzieć, jaka będzie jutro pogoda w Warszawie?"],
    ["vi", "Xin chào, bạn có thể cho tôi biết thời tiết ngày mai ở Hà Nội không?"],
    ["zh", "你好"],
    ["zh", "我用 OpenClaw 的 API"],
    ["zh", "帮我给 John Smith 打电话"],
    ["ja", "東京の天気は？"],
    ["ja", "メール"],
    ["ko", "내일 날씨 어때?"],
    ["ar", "مرحبا كيف حالك"],
    ["fa", "سلام، چطوری؟"],
    ["ur", "آپ کیسے ہیں؟"],
    ["ru", "Какая погода завтра?"],
    ["uk", "Привіт, як справи?"],
    ["he", "שלום"],
    ["hi", "नमस्ते, आप कैसे हैं?"],
    ["th", "สวัสดีครับ"],
    ["el", "Τι κάνεις;"],
  ])("%s: %s", (language, text) => {
    expect(detectLanguage(text, "xx")).toBe(language);
  });

  it("is the fallback where the text does not tell", () => {
    expect(detectLanguage("")).toBe("en");
    expect(detectLanguage("123 😀 !?", "fr")).toBe("fr");
    expect(detectLanguage("OK", "zh")).toBe("zh");
    expect(detectLanguage("Kubernetes", "de")).toBe("de");
  });

  it("stays Japanese for a short answer without kana", () => {
    expect(detectLanguage("了解", "ja")).toBe("ja");
    expect(detectLanguage("了解", "en")).toBe("zh");
  });
});
