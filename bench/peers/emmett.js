/** Emmett 0.42 on Postgres, asked by the bench over the channel it was forked with: one question, one answer. */
import { CommandHandler } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore, pongoSingleStreamProjection, postgreSQLEventStoreConsumer } from '@event-driven-io/emmett-postgresql';

const MS_PER_S = 1_000;
const connectionString = process.argv[2] ?? '';
const store = getPostgreSQLEventStore(connectionString);
await store.schema.migrate();

const evolve = (state, { data }) => ({ name: data.name, edits: state.edits + 1 });
const initialState = () => ({ name: '', edits: 0 });
const handle = CommandHandler({ evolve, initialState });
const renamed = n => ({ type: 'LeadRenamed', data: { name: `Name ${n}`, at: new Date().toISOString() } });

let drawn = 0;
const newStream = () => `lead-${process.pid}-${drawn++}`;

/** Work on so many streams at once until the time is over; durations of each in milliseconds. */
async function inFlight(count, milliseconds, work) {
  const durations = [];
  const begun = performance.now();
  const lane = async () => {
    const stream = newStream();
    for (let n = 0; performance.now() - begun < milliseconds; n++) {
      const at = performance.now();
      await work(stream, n);
      durations.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  return { perSecond: durations.length / ((performance.now() - begun) / MS_PER_S), durations };
}

const leads = pongoSingleStreamProjection({
  name: 'leads',
  collectionName: 'leads',
  canHandle: ['LeadRenamed'],
  evolve: (document, { data }) => ({ name: data.name, edits: (document?.edits ?? 0) + 1 }),
  initialState: () => ({ name: '', edits: 0 }),
});

/** How long after each append its projection had it, one append every so many milliseconds. */
async function lag(count, everyMs) {
  const seen = new Map();
  const consumer = postgreSQLEventStoreConsumer({ connectionString });
  consumer.projector({
    projection: {
      ...leads,
      handle: async (events, context) => {
        await leads.handle(events, context);
        for (const { data } of events) seen.set(data.name, performance.now());
      },
    },
    startFrom: 'END',
  });
  consumer.start().catch(() => undefined);
  await new Promise(resolve => setTimeout(resolve, MS_PER_S));
  const sent = new Map();
  const stream = newStream();
  for (let n = 0; n < count; n++) {
    const name = `Name ${stream} ${n}`;
    sent.set(name, performance.now());
    store.appendToStream(`${stream}-${n}`, [{ type: 'LeadRenamed', data: { name } }]);
    await new Promise(resolve => setTimeout(resolve, everyMs));
  }
  const giveUpAt = performance.now() + 10 * MS_PER_S;
  while ([...sent.keys()].some(name => !seen.has(name)) && performance.now() < giveUpAt)
    await new Promise(resolve => setTimeout(resolve, 50));
  await consumer.close();
  return [...sent].map(([name, at]) => (seen.get(name) ?? performance.now()) - at);
}

/** Events a second of one projection from the beginning of so many. */
async function catchUp(events) {
  const streams = 100;
  for (let n = 0; n < streams; n++)
    await store.appendToStream(
      newStream(),
      Array.from({ length: events / streams }, (_, index) => renamed(index)),
    );
  let taken = 0;
  const { promise: done, resolve } = Promise.withResolvers();
  const consumer = postgreSQLEventStoreConsumer({ connectionString });
  consumer.projector({
    processorId: `catch-up-${drawn++}`,
    projection: {
      ...leads,
      name: `leads-${drawn}`,
      handle: async (batch, context) => {
        await leads.handle(batch, context);
        taken += batch.length;
        if (taken >= events) resolve(undefined);
      },
    },
    startFrom: 'BEGINNING',
  });
  const begun = performance.now();
  consumer.start().catch(() => undefined);
  await done;
  const perSecond = taken / ((performance.now() - begun) / MS_PER_S);
  await consumer.close();
  return perSecond;
}

const asked = {
  commands: ({ count, milliseconds }) => inFlight(count, milliseconds, (stream, n) => handle(store, stream, () => renamed(n))),
  lag: ({ count, everyMs }) => lag(count, everyMs),
  catchUp: ({ events }) => catchUp(events),
};

process.on('message', async question => {
  const answer = await asked[question.what](question).then(
    result => ({ result }),
    error => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(answer);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
