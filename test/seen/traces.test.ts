import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';
import { type Collector, type Span, startCollector } from './collector.ts';

let collector: Collector;
let traced: TestHouse;

beforeAll(async () => {
  collector = await startCollector();
  traced = await startHouse({ traceEndpoint: collector.url, webhooksAllow: '127.0.0.0/8' });
});
afterAll(async () => {
  await traced?.stop();
  collector?.close();
});

/** Names of a span and of all above it, from the top. */
function line(span: Span, all: readonly Span[]): readonly string[] {
  const parent = all.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent === undefined ? [] : line(parent, all)), `${span.service.replace('throughline-', '')}: ${span.name}`];
}

test('one trace runs from a request over its events to the views, and over the sagas and effects to what they ask for', async () => {
  const marker = 'Marker Ionescu';
  const lead = await traced.make('/leads', {
    name: 'Chairs',
    source: 'web',
    requestCategory: 'Furniture',
    contact: { name: marker, email: 'marker@person.example' },
  });
  await traced.make('/webhook-endpoints', { name: 'Shop', url: `${collector.url}/hook`, events: ['DealOpened'] });
  await traced.make(`/leads/${lead}/stage`, { stage: 'InterestExpressed' });
  await traced.make(`/leads/${lead}/convert`, { currency: 'RON' });
  const { dealId } = await traced.until(`/leads/${lead}`, ({ stage }) => stage === 'Deal');
  await traced.until(`/deals/${dealId}`, ({ id }) => id === dealId);
  const mine = () => {
    const asked = collector.spans.find(({ name }) => name === 'POST /leads/:id/convert');
    return collector.spans.filter(({ traceId }) => traceId === asked?.traceId);
  };
  const lines = () => mine().map(span => line(span, mine()).join(' > '));
  const request = 'api: POST /leads/:id/convert > api: execute ConvertLead';
  await expect
    .poll(lines, { timeout: 10_000 })
    .toEqual(
      expect.arrayContaining([
        request,
        `${request} > worker: project batch`,
        `${request} > worker: saga step`,
        `${request} > worker: saga step > worker: execute OpenDealFromLead`,
        `${request} > worker: saga step > worker: execute OpenDealFromLead > worker: project batch`,
        expect.stringContaining('worker: execute OpenDealFromLead > worker: send'),
      ]),
    );
  expect(mine().filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
  for (const value of [marker, 'marker@person.example', 'Chairs']) expect(collector.text()).not.toContain(value);
});

test('goes on with the trace a caller hands over, and says its id in a refusal', async () => {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const answer = await fetch(`${traced.url}/api/v1/leads/none`, { headers: { traceparent } });
  expect(await answer.json()).toMatchObject({ status: 401, traceId });
  await expect
    .poll(() => collector.spans.find(span => span.traceId === traceId), { timeout: 10_000 })
    .toMatchObject({ name: 'GET /leads/:id' });
});
