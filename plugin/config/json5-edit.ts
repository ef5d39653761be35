/**
 * Owns changing a JSON5 text without touching the rest of it: what is to change is named by its path, found in a syntax
 * tree with positions, and written as its surroundings are. Knows nothing of files, nor of what the settings mean.
 *
 * The tree is acorn's: JSON5 is a subset of JavaScript's expressions, and what the gateway's own parser (json5) does not
 * take is refused before. Every result is parsed again and must mean exactly what was asked.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type Comment,
  type Expression,
  type ObjectExpression,
  type Property,
  parseExpressionAt,
} from "acorn";
import JSON5 from "json5";

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** Keys from the outermost object inwards. */
export type SettingPath = readonly string[];

/** One thing to change. */
export type ConfigEdit =
  /** Puts those of the items that are missing at the end of the list, which is made when it is not there. */
  | { readonly change: "unite"; readonly path: SettingPath; readonly items: readonly string[] }
  /** Takes the items out of the list; a list or file without them is as wanted already. */
  | { readonly change: "take"; readonly path: SettingPath; readonly items: readonly string[] }
  /** Takes the objects with this `id` out of the list; a list or file without them is as wanted already. */
  | { readonly change: "takeEntry"; readonly path: SettingPath; readonly id: string }
  /** Gives the setting this value, with the objects around it that are missing. */
  | { readonly change: "set"; readonly path: SettingPath; readonly value: JsonValue }
  /** Takes the setting away. */
  | { readonly change: "remove"; readonly path: SettingPath };

/** What was done to a text at one place. */
export interface TextChange {
  /** The setting it belongs to: "gateway.tools.allow". */
  readonly setting: string;
  /** In UTF-16 code units, in the text as the step before left it. */
  readonly offset: number;
  /** The line it is in, from 1. */
  readonly line: number;
  readonly removed: string;
  readonly added: string;
}

export interface EditedText {
  readonly text: string;
  /** From the beginning of the text to its end, edit by edit; none when nothing had to change. */
  readonly changes: readonly TextChange[];
}

/** The text cannot be changed as asked. The message is the end of a sentence whose subject is the file. */
export class NotEditable extends Error {
  override readonly name = "NotEditable";
}

/**
 * Makes the edits one after the other.
 *
 * @throws NotEditable when the text is no JSON5, or has something else where an object or a list is needed.
 */
export function editJson5(text: string, edits: readonly ConfigEdit[]): EditedText {
  return edits.reduce<EditedText>(
    (before, edit) => {
      const after = editOnce(before.text, edit);
      return { text: after.text, changes: [...before.changes, ...after.changes] };
    },
    { text, changes: [] },
  );
}

/**
 * Takes back what an edit has made: its items or its setting, and the list and objects around it where the edit would
 * make the very same text of what is left. Comments and settings of others therefore stay.
 *
 * @throws NotEditable as {@link editJson5}.
 */
export function takeBack(
  text: string,
  edit: Extract<ConfigEdit, { readonly change: "unite" | "set" }>,
): EditedText {
  const { path } = edit;
  const least: ConfigEdit =
    edit.change === "set" ? { change: "remove", path } : { change: "take", path, items: edit.items };
  const usual = editJson5(text, [least]);
  if (usual.changes.length === 0) return usual;
  const left = valueAt(parseJson5(usual.text), path);
  if (Array.isArray(left) && left.length > 0) return usual;
  // How a value is laid out inside says nothing of what is around it.
  const plainly: ConfigEdit = edit.change === "set" ? { ...edit, value: 0 } : edit;
  const around = editOnce(text, plainly).text;
  for (const length of path.keys()) {
    const removal: ConfigEdit = { change: "remove", path: path.slice(0, length + 1) };
    for (const keepsBlanks of [false, true]) {
      const removed = editOnce(text, removal, keepsBlanks);
      if (editOnce(removed.text, plainly).text === around) return removed;
    }
  }
  return usual;
}

/**
 * What a parsed text means after an edit.
 *
 * @throws NotEditable where an object or a list is needed and something else stands.
 */
export function editedValue(value: unknown, edit: ConfigEdit, at: SettingPath = []): unknown {
  const [key, ...rest] = edit.path.slice(at.length);
  if (key === undefined) {
    if (edit.change === "set") return edit.value;
    if (edit.change === "remove") return undefined;
    const list = value ?? [];
    if (!Array.isArray(list)) throw notA("list", edit.path);
    if (edit.change === "take") return list.filter((item) => !edit.items.includes(item));
    if (edit.change === "takeEntry") return list.filter((item) => valueAt(item, ["id"]) !== edit.id);
    return [...list, ...edit.items.filter((item) => !list.includes(item))];
  }
  if (value === undefined) {
    if (takesAway(edit)) return undefined;
    return { [key]: editedValue(undefined, edit, [...at, key]) };
  }
  if (!isPlainObject(value)) throw notA("object", at);
  const inner = Object.hasOwn(value, key) ? value[key] : undefined;
  const isLast = rest.length === 0;
  if (inner === undefined && takesAway(edit)) return value;
  if (isLast && edit.change === "remove") {
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  return { ...value, [key]: editedValue(inner, edit, [...at, key]) };
}

/**
 * Parses as the gateway does.
 *
 * @throws NotEditable by position only: the parser's own message may quote the text around it, and a secret with it.
 */
export function parseJson5(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    throw new NotEditable(
      `is not valid JSON5: look at line ${lineNumber ?? "?"}, column ${columnNumber ?? "?"}`,
    );
  }
}

/** Whether an edit only takes away: what is not there is as wanted, and it is taken away wherever it stands. */
export function takesAway(
  edit: ConfigEdit,
): edit is Extract<ConfigEdit, { readonly change: "take" | "takeEntry" | "remove" }> {
  return edit.change === "take" || edit.change === "takeEntry" || edit.change === "remove";
}

/** The value at a path of keys; undefined when there is none. */
export function valueAt(value: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isPlainObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

function isPlainObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notA(kind: "list" | "object", path: SettingPath): NotEditable {
  const shape = kind === "list" ? "a list: [ … ]" : "an object: { … }";
  return new NotEditable(
    path.length === 0 ? `must hold ${shape}` : `has a "${path.join(".")}" that is not ${shape}`,
  );
}

// --- one edit -------------------------------------------------------------------------------------------

/** A piece of text to replace; both ends as offsets into the text. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** @param keepsBlanks an object that loses its only member keeps the blanks and line breaks in it. */
function editOnce(text: string, edit: ConfigEdit, keepsBlanks = false): EditedText {
  const before = parseJson5(text);
  const wanted = editedValue(before, edit);
  const changes: TextChange[] = [];
  let now = text;
  // An item that stands there twice, or a key, takes as many steps.
  const next = () => splicesFor(now, edit, keepsBlanks);
  for (let splices = next(); splices.length > 0; splices = next()) {
    changes.push(...described(now, splices, edit.path));
    now = spliced(now, splices);
    if (edit.change === "set") break;
  }
  if (!isDeepStrictEqual(parseJson5(now), wanted)) {
    throw new NotEditable(`has a form in which "${edit.path.join(".")}" cannot be changed safely`);
  }
  return { text: now, changes };
}

/** The next step; none when the text is as wanted. */
function splicesFor(text: string, edit: ConfigEdit, keepsBlanks: boolean): Splice[] {
  const document = new Json5Document(text);
  const { found, container, missing } = document.walk(edit.path);
  if (takesAway(edit)) {
    if (missing.length > 0) return [];
    if (edit.change === "remove") return document.removal(container, found, keepsBlanks);
    const list = document.list(found, edit.path);
    const item = list.items.find(({ node }) =>
      edit.change === "take" ? isOneOf(node, edit.items) : hasId(node, edit.id),
    );
    return item === undefined ? [] : document.removal(list, item.node, keepsBlanks);
  }
  const [key, ...inside] = missing;
  if (key !== undefined) {
    const innermost: JsonValue = edit.change === "set" ? edit.value : edit.items;
    if (edit.change === "unite" && edit.items.length === 0) return [];
    const value = inside.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), innermost);
    return document.insertion(document.object(found, edit.path.slice(0, -missing.length)), { key, value });
  }
  if (edit.change === "set") {
    const { start, end } = found;
    if (isDeepStrictEqual(parseJson5(text.slice(start, end)), edit.value)) return [];
    return [{ start, end, text: document.rendered(edit.value, found) }];
  }
  const list = document.list(found, edit.path);
  const item = edit.items.find((wanted) => !list.items.some(({ node }) => isOneOf(node, [wanted])));
  return item === undefined ? [] : document.insertion(list, { value: item });
}

/** Of a key that stands twice the later one counts. */
function hasId(node: Expression, id: string): boolean {
  if (node.type !== "ObjectExpression") return false;
  const member = membersOf(node).findLast(({ key }) => key !== undefined && nameOf(key) === "id");
  return member !== undefined && isOneOf(member.node, [id]);
}

function isOneOf(node: Expression, texts: readonly string[]): boolean {
  return node.type === "Literal" && typeof node.value === "string" && texts.includes(node.value);
}

function spliced(text: string, splices: readonly Splice[]): string {
  let result = "";
  let done = 0;
  for (const { start, end, text: added } of splices) {
    result += text.slice(done, start) + added;
    done = end;
  }
  return result + text.slice(done);
}

function described(text: string, splices: readonly Splice[], path: SettingPath): TextChange[] {
  return splices.map(({ start, end, text: added }) => ({
    setting: path.join("."),
    offset: start,
    line: text.slice(0, start).split(LINE_BREAK).length,
    removed: text.slice(start, end),
    added,
  }));
}

const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/;

// --- the syntax tree ------------------------------------------------------------------------------------

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member of an object, or an item of a list. */
interface Item extends Span {
  readonly node: Expression;
  readonly key?: Property["key"];
}

interface Container extends Span {
  readonly kind: "object" | "list";
  readonly items: readonly Item[];
}

/** How what is written looks. */
interface Style {
  readonly lineBreak: string;
  /** One step of indentation. */
  readonly unit: string;
  readonly keyQuote: string;
  readonly textQuote: string;
  /** Between colon and value, and between items on one line. */
  readonly gap: string;
  readonly hasTrailingComma: boolean;
}

/** A JSON5 text with its tree. Offsets count UTF-16 code units, as `slice` does. */
class Json5Document {
  readonly #text: string;
  readonly #root: Expression;
  readonly #comments: Comment[] = [];
  readonly #commas: number[] = [];

  constructor(text: string) {
    this.#text = text;
    try {
      this.#root = parseExpressionAt(text, 0, {
        ecmaVersion: "latest",
        onComment: this.#comments,
        onToken: ({ type, start }) => {
          if (type.label === ",") this.#commas.push(start);
        },
      });
    } catch (error) {
      const { loc } = error as { loc?: { line: number; column: number } };
      throw new NotEditable(
        `has something at line ${loc?.line ?? "?"}, column ${(loc?.column ?? 0) + 1} that cannot be changed safely`,
      );
    }
  }

  /**
   * Follows a path as far as it goes. Of a key that stands there twice the later one counts.
   *
   * @returns the value it ends at, the object that holds it, and the keys that are not there.
   */
  walk(path: SettingPath): { found: Expression; container: Container; missing: SettingPath } {
    let found = this.#root;
    let container = this.object(found, []);
    for (const [index, key] of path.entries()) {
      container = this.object(found, path.slice(0, index));
      const member = container.items.findLast((item) => item.key !== undefined && nameOf(item.key) === key);
      if (member === undefined) return { found, container, missing: path.slice(index) };
      found = member.node;
    }
    return { found, container, missing: [] };
  }

  /** @throws NotEditable when it is something else. */
  object(node: Expression, path: SettingPath): Container {
    if (node.type !== "ObjectExpression") throw notA("object", path);
    return { kind: "object", start: node.start, end: node.end, items: membersOf(node) };
  }

  /** @throws NotEditable when it is something else. */
  list(node: Expression, path: SettingPath): Container {
    if (node.type !== "ArrayExpression") throw notA("list", path);
    const items = node.elements.flatMap((item): Item[] =>
      item === null || item.type === "SpreadElement"
        ? []
        : [{ start: item.start, end: item.end, node: item }],
    );
    return { kind: "list", start: node.start, end: node.end, items };
  }

  /** Adds a member or an item at the end. */
  insertion(container: Container, added: { readonly key?: string; readonly value: JsonValue }): Splice[] {
    const style = this.#styleIn(container);
    const last = container.items.at(-1);
    const closing = container.end - 1;
    const comma = last === undefined ? undefined : this.#commaAfter(last, closing);
    const opening = container.start + 1;
    const comment = this.#comments.findLast(
      ({ start, end }) => start >= (last?.end ?? opening) && end <= closing,
    );
    const tail = Math.max(opening, last?.end ?? 0, comma === undefined ? 0 : comma + 1, comment?.end ?? 0);
    const rest = this.#text.slice(tail, closing);
    const isSpread = this.#isSpread(container) || comment?.type === "Line";
    const indent = isSpread ? this.#itemIndent(container, style) : "";
    const item = written(added, { style, indent, isSpread });
    const splices: Splice[] = [];
    if (last !== undefined && comma === undefined)
      splices.push({ start: last.end, end: last.end, text: "," });
    let text: string;
    if (isSpread) {
      text = style.lineBreak + indent + item + (style.hasTrailingComma ? "," : "");
      if (last === undefined && !LINE_BREAK.test(rest))
        text += style.lineBreak + this.#lineIndent(container.start);
    } else if (last !== undefined) {
      text = style.gap + item + (comma === undefined ? "" : ",");
    } else {
      const gap = container.kind === "object" || comment !== undefined || rest !== "" ? style.gap : "";
      text = gap + item + (rest === "" ? gap : "");
    }
    const previous = splices.at(-1);
    if (previous?.start === tail) return [{ ...previous, text: previous.text + text }];
    return [...splices, { start: tail, end: tail, text }];
  }

  /** Takes out the member or item with this value. Comments stay. */
  removal(container: Container, node: Expression, keepsBlanks: boolean): Splice[] {
    const index = container.items.findIndex((item) => item.node === node);
    const item = container.items[index];
    if (item === undefined) return [];
    const closing = container.end - 1;
    const following = this.#commaAfter(item, closing);
    const previous = container.items[index - 1];
    const preceding = previous === undefined ? undefined : this.#commaAfter(previous, item.start);
    const from = Math.max(
      container.start + 1,
      preceding === undefined ? 0 : preceding + 1,
      this.#comments.findLast(({ end }) => end <= item.start)?.end ?? 0,
    );
    if (!keepsBlanks && container.kind === "object" && container.items.length === 1) {
      const inside = { start: container.start + 1, end: closing, text: "" };
      const around = this.#text.slice(inside.start, item.start) + this.#text.slice(item.end, inside.end);
      // Nothing else is in there: not even a comment.
      if (/^[\s,]*$/.test(around)) return [inside];
    }
    const splices: Splice[] = [];
    // A last item without a comma of its own leaves the one before it without a purpose: plain JSON allows none.
    if (following === undefined && preceding !== undefined)
      splices.push({ start: preceding, end: preceding + 1, text: "" });
    const hasCommentInside = this.#comments.some(
      (comment) => comment.start >= item.end && comment.end <= (following ?? item.end),
    );
    const end = following === undefined || hasCommentInside ? item.end : following + 1;
    const isLineKept = !/^[ \t]*(?:[\n\r\u2028\u2029])/.test(this.#text.slice(end));
    const isAfterLineComment = this.#comments.some(
      (comment) => comment.type === "Line" && comment.end === from,
    );
    const isFirstInLine =
      container.items.length > 1 &&
      from === container.start + 1 &&
      !LINE_BREAK.test(this.#text.slice(from, item.start));
    // The line break after a line comment belongs to the comment.
    const start = isFirstInLine || (isAfterLineComment && isLineKept) ? item.start : from;
    const blanks = start === item.start ? /^[ \t]*/.exec(this.#text.slice(end, closing))?.[0].length : 0;
    splices.push({ start, end: end + (blanks ?? 0), text: "" });
    if (following !== undefined && hasCommentInside)
      splices.push({ start: following, end: following + 1, text: "" });
    return merged(splices);
  }

  /** A value as it would be written in the place of another. */
  rendered(value: JsonValue, place: Expression): string {
    const style = this.#styleIn(place);
    const isSpread = this.#isSpread(this.object(this.#root, []));
    return written({ value }, { style, indent: this.#lineIndent(place.start), isSpread });
  }

  #commaAfter({ end }: Span, before: number): number | undefined {
    return this.#commas.find((comma) => comma >= end && comma < before);
  }

  /** Whether the container has its items on lines of their own. An empty object has if the text as a whole has. */
  #isSpread({ kind, start, end, items }: Container): boolean {
    const edges = [start + 1, ...items.flatMap((item) => [item.start, item.end]), end - 1];
    const hasBreak = edges.some(
      (edge, index) => index % 2 === 0 && LINE_BREAK.test(this.#text.slice(edge, edges[index + 1])),
    );
    if (hasBreak || kind === "list" || items.length > 0) return hasBreak;
    if (start === this.#root.start) return true;
    return this.#isSpread(this.object(this.#root, []));
  }

  #itemIndent({ start, items }: Container, { unit }: Style): string {
    const own = items.findLast((item) => LINE_BREAK.test(this.#text.slice(start, item.start)));
    return own === undefined ? this.#lineIndent(start) + unit : this.#lineIndent(own.start);
  }

  /** The blanks at the beginning of the line that an offset is in. */
  #lineIndent(offset: number): string {
    const line = this.#text.slice(0, offset).split(LINE_BREAK).at(-1) ?? "";
    return /^[ \t]*/.exec(line.replace(/^\ufeff/, ""))?.[0] ?? "";
  }

  /** The style of the nearest that has one: the container itself, what is around it, the whole text. */
  #styleIn(place: Span): Style {
    const around = this.#containers().filter(({ start, end }) => start <= place.start && end >= place.end);
    const nearestFirst = around.reverse();
    const root = nearestFirst.at(-1);
    const firstOfRoot = root?.items[0];
    const member = nearestFirst.flatMap(({ items }) => items).find(({ key }) => key !== undefined);
    const keyQuote = member?.key === undefined ? '"' : quoteOf(this.#text, member.key.start);
    const text = [...nearestFirst, ...this.#containers()]
      .flatMap(({ items }) => items)
      .find(({ node }) => node.type === "Literal" && typeof node.value === "string");
    const withItems = nearestFirst.find(({ items }) => items.length > 0);
    const lastItem = withItems?.items.at(-1);
    const isTight =
      member?.key !== undefined && !/\s/.test(this.#text.slice(member.key.end, member.node.start));
    return {
      lineBreak: LINE_BREAK.exec(this.#text)?.[0] ?? "\n",
      unit: (firstOfRoot === undefined ? "" : this.#lineIndent(firstOfRoot.start)) || "  ",
      keyQuote,
      textQuote: text === undefined ? keyQuote || '"' : quoteOf(this.#text, text.node.start),
      gap: isTight ? "" : " ",
      hasTrailingComma:
        withItems !== undefined &&
        lastItem !== undefined &&
        this.#commaAfter(lastItem, withItems.end) !== undefined,
    };
  }

  /** All objects and lists, each after the one it is in. */
  #containers(node: Expression = this.#root): Container[] {
    if (node.type !== "ObjectExpression" && node.type !== "ArrayExpression") return [];
    const container = node.type === "ObjectExpression" ? this.object(node, []) : this.list(node, []);
    return [container, ...container.items.flatMap((item) => this.#containers(item.node))];
  }
}

function membersOf(node: ObjectExpression): Item[] {
  return node.properties.flatMap((member) =>
    member.type === "SpreadElement"
      ? []
      : [{ start: member.start, end: member.end, node: member.value, key: member.key }],
  );
}

function nameOf(key: Property["key"]): string | undefined {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** The quotation mark at an offset; empty when there is none. */
function quoteOf(text: string, offset: number): string {
  const mark = text[offset];
  return mark === '"' || mark === "'" ? mark : "";
}

/** Pieces that touch are one. */
function merged(splices: readonly Splice[]): Splice[] {
  const result: Splice[] = [];
  for (const splice of splices) {
    const last = result.at(-1);
    if (last !== undefined && last.end === splice.start) {
      result.splice(-1, 1, { start: last.start, end: splice.end, text: last.text + splice.text });
    } else result.push(splice);
  }
  return result;
}

// --- writing values -------------------------------------------------------------------------------------

interface Layout {
  readonly style: Style;
  /** Of the line the item begins in. */
  readonly indent: string;
  /** Objects inside go over several lines. */
  readonly isSpread: boolean;
}

function written(
  { key, value }: { readonly key?: string; readonly value: JsonValue },
  layout: Layout,
): string {
  const { style, indent, isSpread } = layout;
  const before = key === undefined ? "" : `${writtenKey(key, style)}:${style.gap}`;
  if (typeof value === "string") return before + writtenText(value, style.textQuote);
  if (typeof value !== "object" || value === null) return before + String(value);
  if (isList(value)) {
    const items = value.map((item) => written({ value: item }, { ...layout, isSpread: false }));
    return `${before}[${items.join(`,${style.gap}`)}]`;
  }
  const members = Object.entries(value);
  if (members.length === 0) return `${before}{}`;
  if (!isSpread) {
    const inside = members.map(([name, inner]) => written({ key: name, value: inner }, layout));
    return `${before}{${style.gap}${inside.join(`,${style.gap}`)}${style.gap}}`;
  }
  const deeper = indent + style.unit;
  const inside = members.map(
    ([name, inner]) => deeper + written({ key: name, value: inner }, { ...layout, indent: deeper }),
  );
  const end = style.hasTrailingComma ? "," : "";
  return `${before}{${style.lineBreak}${inside.join(`,${style.lineBreak}`)}${end}${style.lineBreak}${indent}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function writtenKey(key: string, { keyQuote, textQuote }: Style): string {
  if (keyQuote === "" && /^[a-z_$][\w$]*$/i.test(key)) return key;
  return writtenText(key, keyQuote || textQuote);
}

function writtenText(text: string, quote: string): string {
  // A line separator is allowed in JSON5, and warned of.
  const double = JSON.stringify(text).replace(
    /[\u2028\u2029]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16)}`,
  );
  if (quote !== "'") return double;
  const inside = double.slice(1, -1).replace(/\\(.)/g, (whole, escaped) => (escaped === '"' ? '"' : whole));
  return `'${inside.replaceAll("'", "\\'")}'`;
}
