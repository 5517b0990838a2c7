import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { relocateDeal } from '../../src/commands/crm/deal.ts';
import {
  activatePipeline,
  addPipelineStage,
  archivePipeline,
  draftPipeline,
  editPipelineStage,
  finishStageRemoval,
  orderPipelineStages,
  removePipelineStage,
  renamePipeline,
} from '../../src/commands/crm/pipeline.ts';
import { Deal, DealLost, DealOpened, DealStageChanged, DealWon } from '../../src/domain/crm/deal.ts';
import {
  delivered,
  Pipeline,
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
  permittedOn,
  pipelineStatuses,
} from '../../src/domain/crm/pipeline.ts';
import { type Stage, TEMPLATES } from '../../src/domain/crm/stages.ts';
import { evolve } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { crm } from '../../src/modules/crm.ts';
import { pipelineStages, pipelines } from '../../src/projections/crm/pipelines.ts';
import { stageRemoval } from '../../src/sagas/crm/stage-removal.ts';
import { rowsAfter } from '../kernel/fold.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const id = 'P2';
const drafted = PipelineDrafted({ name: 'Tenders', stages: [...TEMPLATES.simple] });
const active = PipelineActivated({});
const stageOf = (key: string): Stage => TEMPLATES.simple.find(stage => stage.key === key) as Stage;
const keys = TEMPLATES.simple.map(({ key }) => key);
const visit = { key: 'Visit', kind: 'open', name: 'Visit', phase: 'Open', percent: 40 } as const;
const added: Stage = { ...visit, needs: [], next: [] };
const none = { facts: { dealIds: [] } };
const two = { facts: { dealIds: ['D1', 'D2'] } };
const closed = PipelineStageClosed({ stage: 'Qualified', target: 'New', dealIds: ['D1', 'D2'] });

describe('a pipeline', () => {
  test('is drafted from a template, put to use and taken out of use', () => {
    given().when(draftPipeline, { name: 'Tenders' }).thenEvents(drafted);
    given()
      .when(draftPipeline, { name: 'Sales abroad', template: 'usual' })
      .thenEvents(PipelineDrafted({ name: 'Sales abroad', stages: [...TEMPLATES.usual] }));
    given(drafted).when(activatePipeline, { id }).thenEvents(active);
    given(drafted, active).when(archivePipeline, { id }).thenEvents(PipelineArchived({}));
  });

  test('is put to use and out of use once', () => {
    given(drafted, active).when(activatePipeline, { id }).thenNothing();
    given(drafted, active, PipelineArchived({})).when(archivePipeline, { id }).thenNothing();
    given(drafted).when(archivePipeline, { id }).thenRefuses('InvalidTransition');
    given(drafted, active, PipelineArchived({})).when(activatePipeline, { id }).thenRefuses('InvalidTransition');
  });

  test.each(['New Qualified Proposal', 'Won', 'Lost'])('is not put to use without %s', gone => {
    const removed = gone.split(' ').map(stage => PipelineStageRemoved({ stage }));
    given(drafted, ...removed)
      .when(activatePipeline, { id })
      .thenInvalid('/stages');
  });

  test('is renamed freely, and silently to the name it has', () => {
    given(drafted, active)
      .when(renamePipeline, { id, name: 'Public tenders' })
      .thenEvents(PipelineRenamed({ name: 'Public tenders' }));
    given(drafted).when(renamePipeline, { id, name: 'Tenders' }).thenNothing();
  });

  test('stays as it is once it is archived', () => {
    const end = given(drafted, active, PipelineArchived({}));
    end.when(renamePipeline, { id, name: 'x' }).thenRefuses('InvalidTransition');
    end.when(addPipelineStage, { id, ...visit }).thenRefuses('InvalidTransition');
    end.when(editPipelineStage, { id, stage: 'New', name: 'x' }).thenRefuses('InvalidTransition');
    end.when(removePipelineStage, { id, stage: 'New', target: 'Proposal' }, none).thenRefuses('InvalidTransition');
    end.when(orderPipelineStages, { id, order: keys.toReversed() }).thenRefuses('InvalidTransition');
  });

  test('that nobody drafted is unknown', () => given().when(renamePipeline, { id, name: 'x' }).thenRefuses('NotFound'));

  test('permits only commands that there are', () => {
    const named = pipelineStatuses.flatMap(status => permittedOn({ status } as Pipeline));
    expect(crm.commands.map(({ type }) => type)).toEqual(expect.arrayContaining(named));
    expect(named.length).toBeGreaterThan(10);
  });
});

describe('the pipeline that comes with the house', () => {
  test('is there before anybody made it, and its first change tells what it was', () =>
    given()
      .when(renamePipeline, { id: 'default', name: 'Domestic sales' })
      .thenEvents(PipelineDelivered({ name: 'Sales', stages: [...TEMPLATES.usual] }), PipelineRenamed({ name: 'Domestic sales' })));

  test('tells it once', () =>
    given(PipelineDelivered({ name: 'Sales', stages: [...TEMPLATES.usual] }))
      .when(renamePipeline, { id: 'default', name: 'Domestic sales' })
      .thenEvents(PipelineRenamed({ name: 'Domestic sales' })));

  test('is as it was delivered after a wish that changes nothing', () =>
    given().when(renamePipeline, { id: 'default', name: 'Sales' }).thenNothing());

  test('stays in use', () => given().when(archivePipeline, { id: 'default' }).thenRefuses('DefaultPipeline'));
});

describe('the stages of a pipeline', () => {
  const inUse = given(drafted, active);

  test('are added at the end or before another', () => {
    inUse.when(addPipelineStage, { id, ...visit }).thenEvents(PipelineStageAdded({ stage: added, order: [...keys, 'Visit'] }));
    inUse
      .when(addPipelineStage, { id, ...visit, before: 'Proposal' })
      .thenEvents(PipelineStageAdded({ stage: added, order: ['New', 'Qualified', 'Visit', 'Proposal', 'Won', 'Lost'] }));
    inUse.when(addPipelineStage, { id, ...visit, before: 'Nowhere' }).thenInvalid('/before');
  });

  test('have keys of their own, also beside those that are gone', () => {
    inUse.when(addPipelineStage, { id, ...visit, key: 'New' }).thenRefuses('Duplicate');
    given(drafted, active, closed, PipelineStageRemoved({ stage: 'Qualified', target: 'New' }))
      .when(addPipelineStage, { id, ...visit, key: 'Qualified' })
      .thenRefuses('Duplicate');
  });

  test('are at most forty', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ ...added, key: `S${index}` }));
    given(PipelineDrafted({ name: 'x', stages: many }))
      .when(addPipelineStage, { id, ...visit })
      .thenRefuses('TooManyStages');
  });

  test('that are not open have the chance of their kind', () => {
    inUse.when(addPipelineStage, { id, ...visit, kind: 'won', percent: 90 }).thenInvalid('/percent');
    inUse.when(addPipelineStage, { id, ...visit, kind: 'lost', percent: 10 }).thenInvalid('/percent');
    inUse.when(editPipelineStage, { id, stage: 'Won', percent: 99 }).thenInvalid('/percent');
  });

  test('are edited field by field: name, chance, needs, limits, colour', () => {
    const wish = { name: 'Qualified lead', percent: 30, needs: ['amount' as const], daysMax: 14, colour: '#00aa55', cardsMax: 20 };
    inUse
      .when(editPipelineStage, { id, stage: 'Qualified', ...wish })
      .thenEvents(PipelineStageEdited({ stage: { ...stageOf('Qualified'), ...wish }, changed: Object.keys(wish) }));
    inUse.when(editPipelineStage, { id, stage: 'Qualified', name: 'Qualified' }).thenNothing();
    inUse.when(editPipelineStage, { id, stage: 'Nowhere', name: 'x' }).thenRefuses('NotFound');
  });

  test('name as next only others of the same pipeline', () => {
    inUse.when(editPipelineStage, { id, stage: 'New', next: ['New'] }).thenInvalid('/next');
    inUse.when(editPipelineStage, { id, stage: 'New', next: ['Nowhere'] }).thenInvalid('/next');
    expect(inUse.when(editPipelineStage, { id, stage: 'New', next: ['Proposal', 'Lost'] }).events()).toHaveLength(1);
  });

  test('demand only what can be looked up', () =>
    expect(() => given(drafted).when(editPipelineStage, { id, stage: 'New', needs: ['luck' as never] })).toThrow(z.ZodError));

  test('are put in another order, all of them', () => {
    const order = ['Qualified', 'New', 'Proposal', 'Won', 'Lost'];
    inUse.when(orderPipelineStages, { id, order }).thenEvents(PipelineStagesOrdered({ order }));
    inUse.when(orderPipelineStages, { id, order: keys }).thenNothing();
    inUse.when(orderPipelineStages, { id, order: order.slice(1) }).thenInvalid('/order');
    inUse.when(orderPipelineStages, { id, order: [...order, 'New'] }).thenInvalid('/order');
  });
});

describe('removing a stage', () => {
  const inUse = given(drafted, active);

  test('closes it first, and names the target and the deals to be moved there', () =>
    inUse.when(removePipelineStage, { id, stage: 'Qualified', target: 'New' }, two).thenEvents(closed));

  test('needs a target: another open stage of the pipeline', () => {
    inUse.when(removePipelineStage, { id, stage: 'Qualified' }, two).thenInvalid('/target');
    for (const target of ['Qualified', 'Nowhere', 'Won', 'Lost'])
      inUse.when(removePipelineStage, { id, stage: 'Qualified', target }, two).thenInvalid('/target');
  });

  test('is refused for stages of won and lost deals, and for the last open one', () => {
    for (const stage of ['Won', 'Lost']) inUse.when(removePipelineStage, { id, stage, target: 'New' }, none).thenRefuses('StageIsNeeded');
    const one = [closed, PipelineStageClosed({ stage: 'Proposal', target: 'New', dealIds: [] })];
    given(drafted, active, ...one)
      .when(removePipelineStage, { id, stage: 'New', target: 'Qualified' }, none)
      .thenRefuses('StageIsNeeded');
  });

  test('is not done into a stage that is being removed itself', () =>
    given(drafted, active, closed).when(removePipelineStage, { id, stage: 'Proposal', target: 'Qualified' }, none).thenInvalid('/target'));

  test('is asked once', () =>
    given(drafted, active, closed).when(removePipelineStage, { id, stage: 'Qualified', target: 'Proposal' }, two).thenNothing());

  test('of an unknown name is refused', () => inUse.when(removePipelineStage, { id, stage: 'Nowhere' }, none).thenRefuses('NotFound'));

  test('is over at once in a draft, which has no deals', () =>
    given(drafted)
      .when(removePipelineStage, { id, stage: 'Won' }, none)
      .thenEvents(PipelineStageRemoved({ stage: 'Won' })));

  test('goes on as long as deals are found, then ends, also in a pipeline archived meanwhile', () => {
    const end = PipelineStageRemoved({ stage: 'Qualified', target: 'New' });
    given(drafted, active, closed).when(finishStageRemoval, { id, stage: 'Qualified' }, two).thenEvents(closed);
    given(drafted, active, closed).when(finishStageRemoval, { id, stage: 'Qualified' }, none).thenEvents(end);
    given(drafted, active, closed, PipelineArchived({})).when(finishStageRemoval, { id, stage: 'Qualified' }, none).thenEvents(end);
    given(drafted, active, closed, end).when(finishStageRemoval, { id, stage: 'Qualified' }, none).thenNothing();
    given(drafted, active).when(finishStageRemoval, { id, stage: 'Qualified' }, none).thenNothing();
  });

  test('moves its deals one by one, looks again, and is finished when it is gone', () =>
    givenSaga(stageRemoval)
      .on(closed, { stream: 'pipeline-P2' })
      .sends([relocateDeal({ id: 'D1', from: 'Qualified' }), relocateDeal({ id: 'D2', from: 'Qualified' })])
      .wakes('settled', 'PT10S')
      .waitsFor({ reason: 'The deals in Qualified are being moved to New.' })
      .rings('settled')
      .sends([finishStageRemoval({ id, stage: 'Qualified' })])
      .on(PipelineStageClosed({ stage: 'Qualified', target: 'New', dealIds: ['D3'] }), { stream: 'pipeline-P2' })
      .sends([relocateDeal({ id: 'D3', from: 'Qualified' })])
      .rings('settled')
      .on(PipelineStageRemoved({ stage: 'Qualified', target: 'New' }), { stream: 'pipeline-P2' })
      .sendsNothing()
      .finished());
});

describe('the views of pipelines', () => {
  const happened = (...events: readonly DomainEvent[]) => events.map(event => ({ event, entityId: 'P2' }));
  const named = PipelineStageEdited({
    stage: { ...stageOf('New'), name: 'Fresh', next: ['Qualified', 'Lost'] },
    changed: ['name', 'next'],
  });
  const course = [
    drafted,
    PipelineStageAdded({ stage: added, order: ['New', 'Visit', 'Qualified', 'Proposal', 'Won', 'Lost'] }),
    named,
    PipelineStagesOrdered({ order: ['Visit', 'New', 'Qualified', 'Proposal', 'Won', 'Lost'] }),
    active,
    PipelineRenamed({ name: 'Public tenders' }),
    closed,
    PipelineStageRemoved({ stage: 'Qualified', target: 'New' }),
    PipelineArchived({}),
  ];

  test('agree with the pipeline after every fact', () => {
    for (const count of course.keys()) {
      const events = course.slice(0, count + 1);
      const state = events.reduce<unknown>((known, { type, data }) => evolve(Pipeline, known, type, data), undefined) as Pipeline;
      expect(rowsAfter(pipelines, happened(...events)).get('P2')).toEqual({ name: state.name, status: state.status });
      const rows = [...rowsAfter(pipelineStages, happened(...events)).values()];
      const standing = rows.filter(({ removed }) => !removed).toSorted((a, b) => a.place - b.place);
      expect(standing.map(({ stage, name, percent }) => ({ key: stage, name, percent }))).toEqual(
        state.stages.map(({ key, name, percent }) => ({ key, name, percent })),
      );
      expect(Object.fromEntries(rows.flatMap(({ stage, target }) => (target === null ? [] : [[stage, target]])))).toEqual(state.targets);
    }
  });

  test('forget a stage that a draft lost, and keep one that had deals', () => {
    expect(rowsAfter(pipelineStages, happened(drafted, PipelineStageRemoved({ stage: 'Won' }))).has('P2~Won')).toBe(false);
    expect(rowsAfter(pipelineStages, happened(...course)).get('P2~Qualified')).toMatchObject({ removed: true, target: 'New' });
  });
});

test('every fact that brings a deal to a stage says where that stands, whatever becomes of the pipeline later', () => {
  const standing = { pipelineId: 'P2', kind: 'open', phase: 'Open', percent: 20 } as const;
  const opened = DealOpened({ name: 'Chairs', currency: 'RON', accountId: 'A1', ownerId: 'ana', stage: 'Qualified', standing });
  const state = evolve(Deal, undefined as Deal | undefined, opened.type, opened.data);
  expect(state).toMatchObject({ pipelineId: 'P2', stage: 'Qualified', kind: 'open', openStage: 'Qualified' });
  const ends = [
    DealStageChanged({ from: 'Qualified', to: 'Later', standing: { ...standing, kind: 'paused' } }),
    DealWon({ from: 'Qualified', to: 'Taken', standing: { ...standing, kind: 'won' }, accountId: 'A1', reason: 'x' }),
    DealLost({ from: 'Qualified', to: 'Gone', standing: { ...standing, kind: 'lost' }, reason: 'x' }),
  ];
  const kinds = ends.map(({ type, data }) => (evolve(Deal, state, type, data) as Deal).kind);
  expect(kinds).toEqual(['paused', 'won', 'lost']);
  expect(delivered('P2')).toBeUndefined();
});
