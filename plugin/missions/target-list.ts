/**
 * Owns who is called, as a plan lists them or as a CSV file does: the file's columns in any order and under the names
 * people give them, the numbers as people write them. Nobody stands there twice.
 */
import { readFile as readFromDisk } from "node:fs/promises";
import path from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { dialable, NotDialable } from "../calls/dial-policy.ts";
import type { E164 } from "../config/phone-number.ts";
import { isTimezone } from "../config/schema.ts";
import { asData } from "../trust/quotation.ts";
import { folded } from "./filled-in.ts";
import { BadPlan } from "./mission-errors.ts";
import { type PlanSource, type PlanTarget, RECIPIENT_KINDS, type RecipientKind } from "./plan.ts";

/** A target as it is written. */
interface WrittenTarget {
  readonly name?: string | undefined;
  readonly number: string;
  readonly kind?: RecipientKind | undefined;
  readonly timezone?: string | undefined;
  readonly facts?: Readonly<Record<string, string>> | undefined;
}

interface WrittenList {
  readonly targets?: string | readonly (string | WrittenTarget)[] | undefined;
  /** A CSV file, beside the plan where its path is not absolute. */
  readonly file?: string | undefined;
  /** Of those that say nothing else. */
  readonly kind: RecipientKind;
  placeOf(path: readonly PropertyKey[]): string;
}

export interface ListedTarget {
  readonly target: PlanTarget;
  /** "targets.csv, line 4" */
  readonly place: string;
}

/** A mission of more takes months at one call in 90 seconds. */
const MOST_TARGETS = 10_000;

/**
 * The targets of a plan.
 *
 * @throws BadPlan naming every line that cannot be called, or is there twice.
 */
export async function readTargets(list: WrittenList, from: PlanSource): Promise<ListedTarget[]> {
  const { targets, file, kind, placeOf } = list;
  const rows =
    file === undefined
      ? [targets ?? []].flat().map((each, index) => ({
          written: typeof each === "string" ? { number: each } : each,
          place: placeOf(["targets", index]),
        }))
      : await readCsv(file, from, placeOf([list.targets === undefined ? "targetsFile" : "targets"]));
  if (rows.length > MOST_TARGETS) {
    throw new BadPlan([
      `${from.file}: ${rows.length} targets are more than a mission takes (${MOST_TARGETS}): make several of it.`,
    ]);
  }
  const found = new Map<E164, ListedTarget>();
  const problems: string[] = [];
  for (const { written, place } of rows) {
    try {
      const number = await readNumber(written.number, from, place);
      const earlier = found.get(number);
      if (earlier !== undefined) {
        throw new BadPlan([
          `${place}: ${number} is there already (${earlier.place}): leave one of them out.`,
        ]);
      }
      const { name = number, timezone, facts = {} } = written;
      const target = {
        name,
        number,
        kind: written.kind ?? kind,
        ...(timezone === undefined ? {} : { timezone }),
        facts,
      };
      found.set(number, { target, place });
    } catch (error) {
      if (!(error instanceof BadPlan)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new BadPlan(problems);
  return [...found.values()];
}

/** @throws BadPlan when it is none, or never dialled. */
export async function readNumber(written: string, from: PlanSource, place: string): Promise<E164> {
  const { region, allowPremiumNumbers = false, ownerNumbers = [] } = from;
  try {
    return await dialable(written, { defaultRegion: region, allowPremiumNumbers, ownerNumbers });
  } catch (error) {
    if (error instanceof NotDialable) throw new BadPlan([`${place}: ${error.message}`]);
    throw error;
  }
}

/** How columns are called, folded, in English and in Chinese of either script. The first of them that is there counts. */
const COLUMNS = {
  number: [
    ...["number", "phone", "phonenumber", "phoneno", "telephone", "telephonenumber", "tel", "mobile"],
    ...["mobilenumber", "mobilephone", "cell", "cellphone", "contactnumber"],
    ...["电话", "电话号码", "手机", "手机号", "手机号码", "联系电话", "号码", "座机"],
    ...["電話", "電話號碼", "手機", "手機號碼", "聯絡電話", "號碼"],
  ],
  name: [
    ...["name", "fullname", "contact", "contactname", "company", "companyname", "business"],
    ...["姓名", "名字", "名称", "联系人", "公司", "公司名称", "单位", "商家", "店名"],
    ...["名稱", "聯絡人", "公司名稱", "單位"],
  ],
  kind: ["kind", "recipientkind"],
  timezone: ["timezone", "tz", "时区", "時區"],
} as const;

type Column = keyof typeof COLUMNS;

const MOST_BYTES = 20_000_000;

/** The targets of a CSV file, with their lines. */
async function readCsv(file: string, from: PlanSource, namedAt: string) {
  const { folder, readFile = readFromDisk } = from;
  const bytes = await readFile(path.resolve(folder, file)).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const why = code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
    throw new BadPlan([`${namedAt}: the file ${asData(file)} ${why}; it is looked for in ${folder}.`]);
  });
  const name = path.basename(file);
  if (bytes.length > MOST_BYTES) throw new BadPlan([`${name}: the file is too large for a list of targets.`]);
  const text = decoded(bytes, name);
  const [header, ...rows] = cellsOf(text, name);
  if (header === undefined)
    throw new BadPlan([`${name}: the file is empty: its first line names the columns.`]);
  const columns = columnsOf(header.cells, name);
  if (rows.length === 0) throw new BadPlan([`${name}: no line follows the names of the columns.`]);
  const problems: string[] = [];
  const targets = rows.map(({ cells, line }) => {
    const place = `${name}, line ${line}`;
    const cell = (column: Column) => cells[columns[column] ?? -1] || undefined;
    const extra = cells.slice(header.cells.length).filter(Boolean);
    if (extra.length > 0) {
      problems.push(
        `${place}: there are more cells than columns (${asData(extra[0] ?? "")}): put a cell with a comma in it into quotes.`,
      );
    }
    const said = cell("kind")?.toLowerCase();
    const kind = RECIPIENT_KINDS.find((each) => each === said);
    if (said !== undefined && kind === undefined) {
      problems.push(`${place}: the kind ${asData(said)} must be ${RECIPIENT_KINDS.join(", ")}, or nothing.`);
    }
    const timezone = cell("timezone");
    if (timezone !== undefined && !isTimezone(timezone)) {
      problems.push(`${place}: ${asData(timezone)} must be a time zone such as "Europe/Berlin", or nothing.`);
    }
    const number = cell("number");
    if (number === undefined) problems.push(`${place}: there is no number.`);
    const used = new Set<number | undefined>(Object.values(columns));
    const facts = header.cells.flatMap((title, index) => {
      const value = cells[index];
      return title === "" || used.has(index) || !value ? [] : [[title, value] as const];
    });
    const written: WrittenTarget = {
      name: cell("name"),
      number: number ?? "",
      kind,
      timezone,
      facts: Object.fromEntries(facts),
    };
    return { written, place };
  });
  if (problems.length > 0) throw new BadPlan(problems);
  return targets;
}

/** Which cell of a row is what. */
function columnsOf(header: readonly string[], file: string): Readonly<Partial<Record<Column, number>>> {
  const titles = header.map(folded);
  const twice = titles.find((title, index) => title !== "" && titles.indexOf(title) !== index);
  if (twice !== undefined) {
    throw new BadPlan([`${file}, line 1: two columns are called ${asData(twice)}: name each differently.`]);
  }
  const placeOf = (column: Column) => {
    const title = COLUMNS[column].find((name) => titles.includes(name));
    return title === undefined ? undefined : titles.indexOf(title);
  };
  const number = placeOf("number");
  if (number === undefined) {
    throw new BadPlan([
      `${file}, line 1: no column is called "number", "phone" or "电话": the first line names the columns, such as "name,number".`,
    ]);
  }
  const [name, kind, timezone] = [placeOf("name"), placeOf("kind"), placeOf("timezone")];
  return {
    number,
    ...(name === undefined ? {} : { name }),
    ...(kind === undefined ? {} : { kind }),
    ...(timezone === undefined ? {} : { timezone }),
  };
}

const DELIMITERS = [",", ";", "\t", "，"] as const;

/** The rows with their lines, whatever parts the cells. */
function cellsOf(text: string, file: string): { readonly cells: readonly string[]; readonly line: number }[] {
  const [firstLine = ""] = text.split(/\r\n|\r|\n/, 1);
  const delimiter = DELIMITERS.toSorted(
    (one, other) => firstLine.split(other).length - firstLine.split(one).length,
  )[0];
  try {
    const rows: unknown = parse(text, {
      ...(delimiter === undefined ? {} : { delimiter }),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
    });
    return (rows as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      cells: record,
      line: info.lines,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === "number" ? `, line ${error.lines}` : "";
    throw new BadPlan([
      `${file}${line}: the quotes do not fit together; a quote inside a cell is written twice ("").`,
    ]);
  }
}

/**
 * The file's text: UTF-8, UTF-16 with its mark, or what Chinese spreadsheets write, which is known by its column's name.
 * Anything else would be guessed, and names with it.
 */
function decoded(bytes: Uint8Array, file: string): string {
  const [first, second] = bytes;
  const marked =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : undefined;
  for (const encoding of [marked ?? "utf-8", "gb18030"]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      const [header = ""] = text.split(/[\r\n]/, 1);
      if (
        encoding !== "gb18030" ||
        COLUMNS.number.some((name) => /\p{sc=Han}/u.test(name) && header.includes(name))
      )
        return text;
    } catch {
      // Not in this one.
    }
  }
  throw new BadPlan([`${file}: the file's text is not in UTF-8: save it as "CSV UTF-8".`]);
}
