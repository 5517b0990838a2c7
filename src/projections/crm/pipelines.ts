/** Pipelines and their stages. The one that came with the house has rows here from its first change on; before, it is as it was delivered. */
import { z } from 'zod';
import {
  delivered,
  type Pipeline,
  PipelineActivated,
  PipelineArchived,
  PipelineDelivered,
  PipelineDrafted,
  PipelineRenamed,
  PipelineStageAdded,
  PipelineStageClosed,
  PipelineStageEdited,
  PipelineStageRemoved,
  PipelineStagesOrdered,
  pipelineStatuses,
} from '../../domain/crm/pipeline.ts';
import { DEFAULT_PIPELINE, Stage } from '../../domain/crm/stages.ts';
import { Id } from '../../domain/vocabulary.ts';
import { field, readFields, selectList } from '../../kernel/field.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { flag, integer, nullable, table, text, texts } from '../../kernel/table.ts';
import { eventHistory } from '../platform/event-history.ts';

export const pipelines = projection({
  name: 'pipelines',
  version: 1,
  versioned: true,
  table: table('pipelines', 'The ways deals go', { name: text('What it is called'), status: text('Draft, Active or Archived') }),
  events: [PipelineDrafted, PipelineDelivered, PipelineRenamed, PipelineActivated, PipelineArchived],
  on: {
    PipelineDrafted: (_, { name }) => ({ name, status: 'Draft' }),
    PipelineDelivered: (_, { name }) => ({ name, status: 'Active' }),
    PipelineRenamed: (row, { name }) => row && { ...row, name },
    PipelineActivated: row => row && { ...row, status: 'Active' },
    PipelineArchived: row => row && { ...row, status: 'Archived' },
  },
});

const keyOf = (pipelineId: string, stage: string): string => `${pipelineId}~${stage}`;
const placeIn = (stages: readonly string[], key: string): number => stages.indexOf(key.slice(key.indexOf('~') + 1));

const ofAll = ({ stages }: { readonly stages: readonly Stage[] }, { entityId }: ViewMeta) => stages.map(({ key }) => keyOf(entityId, key));
const ofOrder = ({ order }: { readonly order: readonly string[] }, { entityId }: ViewMeta) => order.map(stage => keyOf(entityId, stage));
const ofOne = ({ stage }: { readonly stage: string }, { entityId }: ViewMeta) => [keyOf(entityId, stage)];

export const pipelineStages = projection({
  name: 'pipeline-stages',
  version: 1,
  versioned: true,
  table: table(
    'pipeline_stages',
    'Stages of pipelines, those that were removed included',
    {
      pipeline_id: text('Pipeline it belongs to'),
      stage: text('Name of the stage for programs, unique in its pipeline'),
      place: integer('Place among the stages of its pipeline, from 0'),
      name: text('What it is called'),
      phase: text('Phase of the sale it belongs to'),
      kind: text('open, paused, won, lost or archive'),
      percent: integer('Chance of winning a deal that is in it, per cent'),
      needs: texts('What a deal must have before it enters'),
      days_max: nullable(integer('Days after which a deal in it is rotting')),
      next: texts('Stages a deal may move on to; empty for the usual moves'),
      colour: nullable(text('Colour on the board, #rrggbb')),
      cards_max: nullable(integer('More cards than this are too many at a time')),
      target: nullable(text('Stage to which its deals are moved; once it is being removed')),
      removed: flag('Whether it is gone'),
    },
    { key: 'Pipeline and stage, joined by ~' },
  ),
  events: [
    PipelineDrafted,
    PipelineDelivered,
    PipelineStageAdded,
    PipelineStageEdited,
    PipelineStagesOrdered,
    PipelineStageClosed,
    PipelineStageRemoved,
  ],
  keys: {
    PipelineDrafted: ofAll,
    PipelineDelivered: ofAll,
    PipelineStageAdded: ofOrder,
    PipelineStageEdited: ({ stage }, { entityId }) => [keyOf(entityId, stage.key)],
    PipelineStagesOrdered: ofOrder,
    PipelineStageClosed: ofOne,
    PipelineStageRemoved: ofOne,
  },
  on: {
    PipelineDrafted: (_, { stages }, key, meta) => begun(stages, key, meta),
    PipelineDelivered: (_, { stages }, key, meta) => begun(stages, key, meta),
    PipelineStageAdded: (row, { stage, order }, key, { entityId }) => {
      const place = placeIn(order, key);
      return key === keyOf(entityId, stage.key) ? { ...columnsOf(entityId, stage), place } : row && { ...row, place };
    },
    PipelineStageEdited: (row, { stage }, _key, { entityId }) => row && { ...row, ...columnsOf(entityId, stage) },
    PipelineStagesOrdered: (row, { order }, key) => row && { ...row, place: placeIn(order, key) },
    PipelineStageClosed: (row, { target }) => row && { ...row, target },
    PipelineStageRemoved: (row, { target }) => (target === undefined ? null : row && { ...row, removed: true }),
  },
});

function begun(stages: readonly Stage[], key: string, { entityId }: ViewMeta) {
  const place = stages.findIndex(stage => keyOf(entityId, stage.key) === key);
  return { ...columnsOf(entityId, stages[place] as Stage), place };
}

function columnsOf(pipelineId: string, { key, daysMax, colour, cardsMax, ...stage }: Stage) {
  const { name, phase, kind, percent, needs, next } = stage;
  return {
    pipeline_id: pipelineId,
    stage: key,
    name,
    phase,
    kind,
    percent,
    needs,
    next,
    days_max: daysMax ?? null,
    colour: colour ?? null,
    cards_max: cardsMax ?? null,
    target: null,
    removed: false,
  };
}

interface StageRow {
  readonly pipeline_id: string;
  readonly stage: string;
  readonly name: string;
  readonly phase: string;
  readonly kind: Stage['kind'];
  readonly percent: number;
  readonly needs: string[];
  readonly days_max: number | null;
  readonly next: string[];
  readonly colour: string | null;
  readonly cards_max: number | null;
  readonly target: string | null;
  readonly removed: boolean;
}

const stageOf = ({ stage: key, name, phase, kind, percent, needs, next, ...row }: StageRow): Stage => ({
  key,
  name,
  phase,
  kind,
  percent,
  needs,
  next,
  ...(row.days_max === null ? {} : { daysMax: row.days_max }),
  ...(row.colour === null ? {} : { colour: row.colour }),
  ...(row.cards_max === null ? {} : { cardsMax: row.cards_max }),
});

interface Row extends StageRow {
  readonly of: string;
  readonly called: string;
  readonly status: Pipeline['status'];
}

/** In one statement, since every command that moves a deal asks for it. */
const ALL = `
  select s.*, p.id as of, p.name as called, p.status from pipelines p left join pipeline_stages s on s.pipeline_id = p.id
  order by p.name, p.id, s.place`;

/** Every pipeline by its id, the default one first. */
async function allPipelines(db: ReadDatabase): Promise<ReadonlyMap<string, Pipeline>> {
  const known = [...Map.groupBy(await db.rows<Row>(ALL), ({ of }) => of)].map(([id, rows]): [string, Pipeline] => [id, pipelineOf(rows)]);
  const isDefault = ([id]: readonly [string, Pipeline]) => id === DEFAULT_PIPELINE;
  const first = known.find(isDefault) ?? ([DEFAULT_PIPELINE, delivered(DEFAULT_PIPELINE) as Pipeline] as const);
  return new Map([first, ...known.filter(entry => !isDefault(entry))]);
}

function pipelineOf(rows: readonly Row[]): Pipeline {
  const { called: name, status } = rows[0] as Row;
  // A pipeline without stages comes as one row without a stage.
  return { name, status, ...partsOf(rows.filter(({ stage }) => stage !== null)) };
}

function partsOf(rows: readonly StageRow[]): Pick<Pipeline, 'stages' | 'targets'> {
  const gone = new Set(rows.filter(({ removed }) => removed).map(({ stage }) => stage));
  const stages = rows.filter(({ removed }) => !removed).map(row => ({ ...stageOf(row), next: row.next.filter(key => !gone.has(key)) }));
  return { stages, targets: Object.fromEntries(rows.flatMap(({ stage, target }) => (target === null ? [] : [[stage, target]]))) };
}

/** One pipeline as it stands, or stood where the past is asked about. @throws NoSuchRecord */
export async function pipelineIn(db: ReadDatabase, id: string): Promise<Pipeline> {
  const pipeline = (await allPipelines(db)).get(id);
  if (pipeline === undefined) throw new NoSuchRecord('pipeline', id);
  return pipeline;
}

const PipelineShape = z.strictObject({
  name: z.string(),
  status: z.enum(pipelineStatuses),
  stages: z.array(Stage),
  targets: z.record(z.string(), z.string()),
}) as unknown as z.ZodType<Pipeline>;

export const pipelineForDeals = query({
  type: 'PipelineForDeals',
  summary: 'What moving a deal must know of its pipeline.',
  permission: 'crm:read',
  reads: [pipelines, pipelineStages],
  input: z.strictObject({ id: z.string() }),
  output: PipelineShape.nullable(),
  answer: async (db, { id }) => (await allPipelines(db)).get(id) ?? null,
});

const StageAnswer = Stage.extend({ target: z.string().nullable() });
const shape = { id: z.string(), name: z.string(), status: z.enum(pipelineStatuses), stages: z.array(StageAnswer) };

const shown = (id: string, { name, status, stages, targets }: Pipeline) => ({
  id,
  name,
  status,
  stages: stages.map(stage => ({ ...stage, target: targets[stage.key] ?? null })),
});

export const listPipelines = query({
  type: 'ListPipelines',
  summary:
    'All pipelines with their stages in order, the default one first; `target` is where the deals of a stage go that is being removed.',
  route: 'GET /pipelines',
  permission: 'crm:read',
  reads: [pipelines, pipelineStages],
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(z.strictObject(shape)) }),
  answer: async db => ({ items: [...(await allPipelines(db))].map(([id, pipeline]) => shown(id, pipeline)) }),
});

const revision = { value: field.maybe(field.integer('max(h.revision)')) };

export const showPipeline = query({
  type: 'ShowPipeline',
  summary: 'One pipeline with its stages in order; the one that came with the house has no revision before its first change.',
  route: 'GET /pipelines/:id',
  permission: 'crm:read',
  reads: [pipelines, pipelineStages, eventHistory],
  input: z.strictObject({ id: Id }),
  output: z.strictObject({ ...shape, revision: z.int().nullable() }),
  answer: async (db, { id }) => {
    const pipeline = await pipelineIn(db, id);
    const [row] = await db.rows(`select ${selectList(revision)} from event_history h where h.category = 'pipeline' and h.record_id = $1`, [
      id,
    ]);
    return { ...shown(id, pipeline), revision: readFields(revision, row ?? {}).value };
  },
});
