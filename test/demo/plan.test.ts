import { describe, expect, test } from 'vitest';
import { courses, type Phase, phases } from '../../src/cli/demo/act.ts';
import { plan } from '../../src/cli/demo/plan.ts';

const TODAY = '2026-06-30';
const acts = plan(TODAY);
const told = JSON.stringify(
  acts.map(({ input, ...act }) => ({ ...act, input: JSON.stringify(input(key => (key.endsWith(' gross') ? '1000' : key))) })),
);
const count = (command: string): number => acts.filter(act => act.command === command).length;

describe('the plan of the demo', () => {
  test('is the same for the same day, and another for another day', () => {
    const again = plan(TODAY).map(({ input, ...act }) => ({
      ...act,
      input: JSON.stringify(input(key => (key.endsWith(' gross') ? '1000' : key))),
    }));
    expect(JSON.stringify(again)).toBe(told);
    expect(plan('2026-07-01').map(({ key, day }) => `${key} ${day}`)).not.toEqual(acts.map(({ key, day }) => `${key} ${day}`));
  });

  test('has 200 accounts, 1,500 leads, about 400 deals and 2,000 orders', () => {
    expect(count('CreateAccount')).toBe(140);
    expect(count('CaptureLead')).toBe(1_500);
    expect(count('ConvertLead') + count('OpenDeal')).toBeGreaterThan(380);
    expect(count('PlaceSalesOrder') + count('OrderDeal')).toBe(2_000);
  });

  test('spans the two years up to its day, and nothing in it is still to come', () => {
    const days = acts.map(({ day }) => day).toSorted();
    expect([days[0], days.at(-1)]).toEqual(['2024-06-30', TODAY]);
  });

  test('names every act once, in a phase that is played', () => {
    expect(new Set(acts.map(({ key }) => key)).size).toBe(acts.length);
    const played: readonly Phase[] = Object.values(courses).flat();
    expect(played.toSorted()).toEqual(phases.toSorted());
    expect(acts.filter(({ phase }) => !played.includes(phase))).toEqual([]);
  });

  test('delivers nothing of goods that may not have come in', () => {
    const wanting = acts.filter(({ command, day, input }) => {
      const told = JSON.stringify(command === 'PlaceSalesOrder' ? input(key => key) : {});
      return day > '2026-05-20' && ['PT-014', 'FX-022', 'PW-031'].some(sku => told.includes(sku));
    });
    const delivered = new Set(acts.filter(({ command }) => command === 'ApproveDelivery').map(({ line }) => line));
    expect(wanting.length).toBeGreaterThan(5);
    expect(wanting.filter(({ line }) => delivered.has(line))).toEqual([]);
  });

  test('leaves things for people to find: changed orders, goods that came back, a count', () => {
    expect(count('ModifySalesOrder')).toBeGreaterThan(0);
    expect(count('DraftDeliveryReturn')).toBeGreaterThan(count('ApproveDeliveryReturn'));
    expect(count('ApproveDeliveryReturn')).toBeGreaterThan(5);
    expect(count('DraftAdjustment')).toBe(1);
  });

  test('has addresses that reach nobody', () => {
    const addresses = told.match(/[\w.+-]+@[\w.-]+/g) ?? [];
    expect(addresses.length).toBeGreaterThan(1_000);
    expect(addresses.filter(address => !address.endsWith('.example'))).toEqual([]);
  });
});
