/** A list as CSV (RFC 4180, UTF-8): whole, page after page as fast as the reader takes them, however long it is. */
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { Response } from 'express';
import { z } from 'zod';
import { LIMIT_MAX } from '../kernel/listing.ts';
import type { AnyQuery } from '../kernel/query.ts';
import type { Answer, Asked } from './endpoint.ts';
import { badParameters } from './problem.ts';

/** How the rows of a query's answer stand in columns. */
export interface Sheet {
  /** Name of the file, without its ending. */
  readonly name: string;
  /** Member of the answer that holds the rows. */
  readonly rows: string;
  /** Members of a row, through members that are objects: `amount.currency`. */
  readonly columns: readonly (readonly string[])[];
  /** Whether it comes in pages. */
  readonly paged: boolean;
}

interface Shape {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** Undefined for a query that offers no rows. */
export function sheetOf({ exports: rows, output, route }: AnyQuery): Sheet | undefined {
  if (rows === undefined) return undefined;
  const whole = z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' }) as Shape;
  const resolved = (shape: Shape = {}): Shape => {
    const { $ref, anyOf } = shape;
    if ($ref !== undefined) return resolved(whole.$defs?.[$ref.slice('#/$defs/'.length)]);
    // A value that may be null has the columns it has when it is not.
    return anyOf?.map(resolved).find(({ properties }) => properties !== undefined) ?? shape;
  };
  const columnsOf = (shape: Shape, path: readonly string[]): readonly (readonly string[])[] => {
    const { properties } = resolved(shape);
    return properties === undefined ? [path] : Object.entries(properties).flatMap(([name, part]) => columnsOf(part, [...path, name]));
  };
  const name = (route ?? rows).split('/').findLast(part => !part.startsWith(':')) ?? rows;
  const columns = columnsOf(resolved(whole.properties?.[rows]).items ?? {}, []);
  return { name, rows, columns, paged: whole.properties?.['next'] !== undefined };
}

/** Whether CSV is asked for, by `format=csv` or by `Accept`, and what else is. @throws Problem 400 for another format */
export function csvAsked({ request }: Asked, input: Asked['input']): { readonly csv: boolean; readonly input: Asked['input'] } {
  const { format, ...rest } = input;
  if (format !== undefined && format !== 'csv') throw badParameters([{ pointer: '/format', detail: 'csv, or nothing for JSON' }], []);
  return { csv: format === 'csv' || request.accepts('json', 'text/csv') === 'text/csv', input: rest };
}

type Page = Readonly<Record<string, unknown>>;
type Ask = (input: Asked['input']) => Promise<unknown>;

/** Excel takes a file for UTF-8 by this mark only. */
const BYTE_ORDER_MARK = '\uFEFF';

/** The first page is asked for before anything is answered, so that a refusal still is one. */
export async function csvAnswer(sheet: Sheet, ask: Ask, input: Asked['input']): Promise<Answer> {
  const surplus = ['limit', 'cursor'].filter(name => Object.hasOwn(input, name));
  if (surplus.length > 0)
    throw badParameters(
      surplus.map(name => ({ pointer: `/${name}`, detail: 'A list is exported whole.' })),
      [],
    );
  const page = async (cursor: object): Promise<Page> =>
    (await ask(sheet.paged ? { ...input, limit: String(LIMIT_MAX), ...cursor } : input)) as Page;
  const first = await page({});
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/csv; charset=utf-8; header=present',
      'Content-Disposition': `attachment; filename="${sheet.name}.csv"`,
    },
    stream: response => {
      if (response.req.method === 'HEAD') response.end();
      else void send(linesOf(sheet, first, page), response);
    },
  };
}

/** A connection that is cut tells the reader that what came is not all. */
async function send(lines: AsyncIterable<string>, response: Response): Promise<void> {
  const noting = async function* (): AsyncIterable<string> {
    try {
      yield* lines;
    } catch (error) {
      response.locals['failure'] = error;
      throw error;
    }
  };
  await pipeline(noting, response).catch(() => response.destroy());
}

async function* linesOf({ rows, columns }: Sheet, first: Page, page: (cursor: object) => Promise<Page>): AsyncIterable<string> {
  yield BYTE_ORDER_MARK + csv([columns.map(path => path.join('.'))]);
  for (let shown = first; ; ) {
    const records = shown[rows] as readonly unknown[];
    if (records.length > 0) yield csv(records.map(record => columns.map(path => cell(path.reduce(memberOf, record)))));
    const { next } = shown;
    if (typeof next !== 'string') return;
    shown = await page({ cursor: next });
  }
}

const csv = (rows: readonly (readonly string[])[]): string => stringify(rows as string[][], { record_delimiter: '\r\n' });

const memberOf = (value: unknown, name: string): unknown => (value as Page | null)?.[name] ?? null;

function cell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return harmless(value);
  const plain = Array.isArray(value) && value.every(part => typeof part === 'string');
  if (plain) return harmless(value.join('; '));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const NUMBER = /^-?\d+(\.\d+)?$/;
/** What spreadsheets take for the beginning of a formula, wide characters of East Asia included (OWASP, "CSV Injection"). */
const FORMULA = /^([\t\r\n]|\s*[=+\-@＝＋－＠])/;

/** Text that a spreadsheet would run is given an apostrophe before it, which makes it text there as well. */
export const harmless = (text: string): string => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);
