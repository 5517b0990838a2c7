/** All that happens in the invented company in two years, drawn from chance before anything is done. */
import { type Act, dayAfter } from './act.ts';
import { Chance } from './chance.ts';
import { market, opening, priceRounds } from './market.ts';
import { orders } from './orders.ts';
import { pipeline } from './pipeline.ts';
import { type Size, WHOLE } from './span.ts';
import { hiring } from './staff.ts';

const YEARS_IN_DAYS = 730;

/** @param today ISO 8601 date; the same day makes the same plan */
export function plan(today: string, size: Size = WHOLE): readonly Act[] {
  const span = { from: dayAfter(today, -YEARS_IN_DAYS), until: today, days: YEARS_IN_DAYS, size };
  const chance = new Chance(`throughline ${today}`);
  const all = market(chance, size);
  const leads = pipeline(chance, all, span);
  const trade = orders(chance, all, leads.ordered, span);
  const acts = [
    ...hiring(span.from),
    ...opening(chance, all, span.from),
    ...priceRounds(chance, span.from, today),
    ...leads.acts,
    ...trade,
  ];
  return acts.filter(({ day }) => day <= today);
}
