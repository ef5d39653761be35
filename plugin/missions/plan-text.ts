/**
 * Owns reading a plan's text: YAML (which JSON is too), where every value is a text, as it is written. Names of keys are
 * taken in camelCase and in snake_case. What is wrong is said with its line.
 */
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, Scalar, visit } from "yaml";
import { z } from "zod";
import { asData } from "../trust/quotation.ts";
import { BadPlan } from "./mission-errors.ts";
import { nearestSlugs } from "./slug.ts";

type Path = readonly PropertyKey[];

/** What is under these is named by whoever writes it. */
const OWN_NAMES: ReadonlySet<string> = new Set(["facts"]);

export interface WrittenText<Value> {
  readonly written: Value;
  /** "plan.yaml, line 3": where that stands; of what is not there, where it would be. */
  placeOf(path: Path): string;
}

/** The schema of what has these keys and no others. */
export function keysOf<Shape extends z.ZodRawShape>(what: string, shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const [key = ""] = issue.keys;
      return `${asData(key)} is no key of ${what}; did you mean ${JSON.stringify(nearestSlugs(key, known)[0])}?`;
    },
  });
}

/** @throws BadPlan */
export function readPlanText<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  file: string,
): WrittenText<z.output<Schema>> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text.replace(/^\ufeff/, ""), {
    schema: "failsafe",
    lineCounter,
    prettyErrors: false,
  });
  const at = (offset: number) => `${file}, line ${lineCounter.linePos(offset).line}`;
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new BadPlan([`${at(broken.pos[0])}: this is neither YAML nor JSON: ${broken.message}.`]);
  }
  if (!isMap(document.contents)) {
    throw new BadPlan([
      `${file}: a plan is a list of keys such as "name: …", "class: …" and "targets: …", and this has none.`,
    ]);
  }
  visit(document, {
    Pair: (_, { key, value }, ancestors) => {
      if (isScalar(value) && isNothing(value)) return visit.REMOVE;
      const above = ancestors.findLast(isPair)?.key;
      const isOwn = isScalar(above) && OWN_NAMES.has(String(above.value));
      if (isScalar(key) && !isOwn) key.value = camelCase(String(key.value));
      return undefined;
    },
    Scalar: (key, value) => (typeof key === "number" && isNothing(value) ? visit.REMOVE : undefined),
    Alias: (_, alias) => {
      // Nobody repeats parts of a plan; a text with a star in front is more likely.
      throw new BadPlan([`${at(alias.range?.[0] ?? 0)}: a text that begins with * stands in quotes: "*…".`]);
    },
  });
  const placeOf = (path: Path): string => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true) as Node | undefined;
      if (node?.range) return at(node.range[0]);
    }
    return file;
  };
  const parsed = schema.safeParse(document.toJS(), { error: usualSentence });
  if (parsed.success) return { written: parsed.data, placeOf };
  throw new BadPlan(
    parsed.error.issues
      .flatMap(tightest)
      .map((issue) =>
        issue.code === "unrecognized_keys"
          ? `${placeOf([...issue.path, issue.keys[0] ?? ""])}: ${issue.message}`
          : `${placeOf(issue.path)}: ${nameOf(issue.path)} ${issue.message}.`,
      ),
  );
}

/** `null`, `~`, or nothing at all behind the colon; in quotes it would be a text. */
function isNothing({ type, source }: Scalar): boolean {
  return type === Scalar.PLAIN && ["", "~", "null"].includes(source ?? "");
}

/** "met_when" and "met-when" as "metWhen". */
function camelCase(name: string): string {
  return name.trim().replace(/(?<=.)[_-]+(\p{L})/gu, (_, letter: string) => letter.toUpperCase());
}

function usualSentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "invalid_type") return undefined;
  if (issue.input === undefined) return "is missing";
  return { string: "must be a text", array: "must be a list", object: "must be a list of keys" }[
    issue.expected as string
  ];
}

/** Of what may be written in several ways, what is wrong with the one that was meant. */
function tightest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  // Those that are not of the wanted kind at all (a text instead of a list) were not meant.
  const meant = issue.errors.filter(
    (errors) => !errors.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const [first] = meant;
  if (first === undefined) return [issue];
  return first.flatMap((each) => tightest({ ...each, path: [...issue.path, ...each.path] }));
}

/** `"limits.batch"`, `"targets" no. 2 "number"`. */
function nameOf(path: Path): string {
  return path
    .map((part) => (typeof part === "number" ? `no. ${part + 1}` : JSON.stringify(String(part))))
    .join(" ")
    .replaceAll('" "', ".");
}
