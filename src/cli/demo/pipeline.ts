/** Leads and deals of two years: most come to nothing, some are under way, enough are won. */
import { type Act, CURRENCY, dayAfter, money } from './act.ts';
import type { Chance } from './chance.ts';
import { goods } from './goods.ts';
import { type Account, contactKey, itemKey, type Market, WAREHOUSE } from './market.ts';
import { person } from './people.ts';
import type { Span } from './span.ts';
import { director, sellers } from './staff.ts';

const SOURCES = ['web', 'web', 'web', 'phone', 'recommendation', 'exhibition', 'email'];
const CATEGORIES = ['Tools', 'Fixings', 'Protective wear', 'Site equipment', 'Framework supply'];
const WISHES = [
  'Fitting out a new workshop',
  'Fixings for a steel hall, in three lots',
  'Yearly supply of gloves and shoes',
  'Replacing worn drills and grinders',
  'Discs and belts, monthly call-off',
  'Lights and cable reels for two sites',
];
const NO_REASONS = [
  'No budget this year',
  'Wanted private goods only',
  'Cannot be reached',
  'Outside our region',
  'Asked out of curiosity',
];
const LOSSES = ['Price too high', 'Delivery too late', 'Project stopped', 'Competitor chosen', 'No answer any more'];
const STAGES = ['InitialContact', 'NeedsAssessment', 'Presentation', 'ProposalPreparation', 'DecisionMaking'];
/** A lead older than this that led nowhere was given up. */
const PATIENCE_DAYS = 70;

type DealKey = { readonly deal: string; readonly order: string };

export const dealKeys = (key: string): DealKey => ({ deal: `${key} deal`, order: `${key} order` });

export interface Pipeline {
  readonly acts: readonly Act[];
  /** Deals that are ordered, with who decides about the order and when. */
  readonly ordered: readonly {
    readonly key: string;
    readonly account: string;
    readonly seller: string;
    readonly day: string;
    readonly lines: readonly Wanted[];
  }[];
}

export interface Wanted {
  readonly sku: string;
  readonly quantity: number;
}

export function pipeline(chance: Chance, market: Market, span: Span): Pipeline {
  const { leads, converted: conversions, inquiries } = span.size;
  const acts: Act[] = [];
  const ordered: Pipeline['ordered'][number][] = [];
  let converted = 0;
  for (let number = 0; number < leads; number++) {
    // More every month: the square root makes the density grow.
    const day = dayAfter(span.from, Math.floor(Math.sqrt((number + 1) / leads) * span.days));
    const key = `lead-${number + 1}`;
    const seller = chance.pick(sellers).key;
    const wantsDeal = Math.floor(((number + 1) * conversions) / leads) > converted;
    const prospect =
      wantsDeal && converted < market.prospects.length * 4 && converted % 4 === 0 ? market.prospects[converted / 4] : undefined;
    const known = chance.favourite(market.buyers);
    const firm = prospect ?? known;
    acts.push(captured(chance, key, firm, seller, day));
    if (wantsDeal) {
      converted++;
      const deal = converting(chance, key, prospect === undefined ? known : undefined, seller, day);
      acts.push(...deal.acts);
      pursue({
        chance,
        key,
        account: prospect === undefined ? known.key : `${key} account`,
        seller,
        day: deal.day,
        until: span.until,
        acts,
        ordered,
      });
    } else acts.push(...fate(chance, key, seller, day, span.until));
  }
  for (let number = 0; number < inquiries; number++) {
    const key = `inquiry-${number + 1}`;
    const account = chance.favourite(market.buyers);
    const day = dayAfter(span.from, chance.whole(20, span.days));
    acts.push(opened(chance, key, account, day));
    pursue({ chance, key, account: account.key, seller: account.seller, day, until: span.until, acts, ordered });
  }
  return { acts, ordered };
}

function captured(
  chance: Chance,
  key: string,
  { name, domain }: { readonly name: string; readonly domain: string },
  seller: string,
  day: string,
): Act {
  // No two of them share an address; the lowest numbers belong to contacts.
  const { name: contact, email, phone } = person(chance, domain, Number(key.split('-')[1]) + 2);
  const channels = chance.happens(0.8) ? { email, phone } : chance.happens(0.5) ? { email } : { phone };
  const input = {
    name: chance.pick(WISHES),
    company: name,
    contact: { name: contact, ...channels },
    source: chance.pick(SOURCES),
    requestCategory: chance.pick(CATEGORIES),
    description: `${contact} asked for an offer.`,
    value: money(chance.whole(50, 4_000) * 1_000),
  };
  return {
    phase: 'leads',
    key,
    day,
    by: director.key,
    line: key,
    command: 'CaptureLead',
    input: idOf => ({ ...input, ownerId: idOf(seller) }),
  };
}

function fate(chance: Chance, key: string, by: string, day: string, until: string): readonly Act[] {
  const talked = dayAfter(day, chance.whole(1, 12));
  const givenUp = dayAfter(day, chance.whole(15, PATIENCE_DAYS));
  const interested = chance.happens(0.55);
  const reason = chance.pick(NO_REASONS);
  const moves: Act[] = [];
  if (interested)
    moves.push({
      phase: 'qualify',
      key: `${key} interest`,
      day: talked,
      by,
      line: key,
      command: 'ChangeLeadStage',
      input: idOf => ({ id: idOf(key), stage: 'InterestExpressed' }),
    });
  if (givenUp <= until)
    moves.push({
      phase: 'convert',
      key: `${key} end`,
      day: givenUp,
      by,
      line: key,
      command: 'DisqualifyLead',
      input: idOf => ({ id: idOf(key), reason }),
    });
  return moves;
}

function converting(chance: Chance, key: string, account: Account | undefined, by: string, day: string) {
  const talked = dayAfter(day, chance.whole(1, 8));
  const converted = dayAfter(talked, chance.whole(0, 10));
  const expectedClose = dayAfter(converted, chance.whole(100, 160));
  const acts: Act[] = [
    {
      phase: 'qualify',
      key: `${key} interest`,
      day: talked,
      by,
      line: key,
      command: 'ChangeLeadStage',
      input: idOf => ({ id: idOf(key), stage: 'InterestExpressed' }),
    },
    {
      phase: 'convert',
      key: `${key} conversion`,
      day: converted,
      // Accounts of others are out of a seller's sight; the director sees all.
      by: director.key,
      line: key,
      command: 'ConvertLead',
      input: idOf => ({
        id: idOf(key),
        ...(account === undefined ? {} : { accountId: idOf(account.key) }),
        currency: CURRENCY,
        expectedClose,
      }),
    },
  ];
  return { acts, day: converted };
}

function opened(chance: Chance, key: string, account: Account, day: string): Act {
  const name = chance.pick(WISHES);
  const amount = money(chance.whole(80, 5_000) * 1_000);
  const expectedClose = dayAfter(day, chance.whole(100, 160));
  return {
    phase: 'deals',
    key: dealKeys(key).deal,
    day,
    by: account.seller,
    line: key,
    command: 'OpenDeal',
    input: idOf => ({
      name,
      accountId: idOf(account.key),
      contactId: idOf(contactKey(account.key, 0)),
      currency: CURRENCY,
      amount,
      description: `${name}, asked for by telephone.`,
      requestCategory: CATEGORIES[0],
      expectedClose,
    }),
  };
}

interface Pursuit {
  readonly chance: Chance;
  readonly key: string;
  readonly account: string;
  readonly seller: string;
  readonly day: string;
  readonly until: string;
  readonly acts: Act[];
  readonly ordered: Pipeline['ordered'][number][];
}

/** Stage after stage, until it is ordered, lost, or today is reached. */
function pursue({ chance, key, account, seller, day: begun, until, acts, ordered }: Pursuit): void {
  const { deal } = dealKeys(key);
  const reaches = chance.happens(0.45) ? STAGES.length : chance.whole(0, STAGES.length - 1);
  const lines = chance.some(goods, chance.whole(1, 3)).map(({ sku }) => ({ sku, quantity: chance.whole(2, 30) }));
  const act = (phase: Act['phase'], part: string, day: string, command: string, input: object, by = seller): void => {
    if (day <= until)
      acts.push({ phase, key: `${key} ${part}`, day, by, line: key, command, input: idOf => ({ id: idOf(deal), ...input }) });
  };
  let day = begun;
  for (const [index, stage] of STAGES.slice(0, reaches).entries()) {
    day = dayAfter(day, chance.whole(2, 14));
    if (stage === 'ProposalPreparation')
      for (const [line, { sku, quantity }] of lines.entries())
        if (day <= until)
          acts.push({
            phase: 'pursue',
            key: `${key} line ${line}`,
            day,
            by: seller,
            line: key,
            command: 'AddDealLine',
            input: idOf => ({ id: idOf(deal), itemId: idOf(itemKey(sku)), quantity: String(quantity) }),
          });
    act('pursue', `stage ${index}`, day, 'ChangeDealStage', { stage });
  }
  day = dayAfter(day, chance.whole(3, 20));
  if (reaches === STAGES.length && chance.happens(0.85)) {
    if (day > until) return;
    acts.push({
      phase: 'order',
      key: `${key} ordering`,
      day,
      by: director.key,
      line: key,
      command: 'OrderDeal',
      input: idOf => ({ id: idOf(deal), warehouseId: idOf(WAREHOUSE) }),
    });
    ordered.push({ key, account, seller, day, lines });
  } else if (chance.happens(0.85)) {
    const reason = chance.pick(LOSSES);
    act('pursue', 'loss', day, 'LoseDeal', {
      stage: chance.happens(0.6) ? 'Rejected' : 'DroppedOut',
      reason,
      ...(reason === 'Competitor chosen' ? { competitor: 'A chain of the region' } : {}),
    });
  }
}
