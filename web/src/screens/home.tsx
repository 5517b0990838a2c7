import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { asked, me, useMay, useNouns } from '../api/queries.ts';
import type { Page, Process } from '../api/shapes.ts';
import { GROUPS, iconOf, nounsOf, placeOf } from '../shell/places.ts';
import { words } from '../ui/format.ts';
import { Block, Empty, Skeleton } from '../ui/parts.tsx';
import { isStalled } from '../ui/process.tsx';
import css from './home.module.css';
import { ProcessList } from './processes.tsx';
import screens from './screens.module.css';

const SHOWN_MAX = 8;
/** They go along with another process of the same record, which says what is to be done. */
const ALONGSIDE = new Set(['order-credit', 'receivables', 'invoice-overdue', 'order-expiry']);

/** What stands still, what waits for this very person, and the ways to everything else. */
export function Home() {
  const { t } = useTranslation();
  const may = useMay();
  const nouns = useNouns();
  const { data: who } = useQuery(me);
  const { data } = useQuery({
    ...asked<Page<Process>>('/processes', { limit: '200', sort: 'stalled' }),
    enabled: may('platform:processes'),
  });
  const stalled = data?.items.filter(isStalled) ?? [];
  const mine =
    data?.items.filter(
      process => !isStalled(process) && !ALONGSIDE.has(process.saga) && process.movedBy !== null && may(process.movedBy.permission),
    ) ?? [];
  return (
    <>
      <header className={screens.head}>
        <h1>{t('home.title')}</h1>
        <span>{who?.user.name}</span>
      </header>
      <div className={screens.body}>
        <div className={screens.page}>
          {may('platform:processes') && data === undefined && <Skeleton />}
          {data !== undefined && (
            <>
              <Block
                title={t('home.stalled')}
                aside={
                  <Link to="/processes" search={{ state: 'stalled' }}>
                    {stalled.length}
                  </Link>
                }
              >
                {stalled.length === 0 ? <Empty>{t('home.nothingStalled')}</Empty> : <ProcessList items={stalled.slice(0, SHOWN_MAX)} />}
              </Block>
              <Block title={t('home.waitingForYou')} aside={<Link to="/processes">{mine.length}</Link>}>
                {mine.length === 0 ? <Empty>{t('home.nothingWaits')}</Empty> : <ProcessList items={mine.slice(0, SHOWN_MAX)} />}
              </Block>
            </>
          )}
          <Block title={t('home.start')}>
            <ul className={css.doors}>
              {GROUPS.flatMap(group => nounsOf(nouns, group)).map(({ noun }) => {
                const Icon = iconOf(noun);
                return (
                  <li key={noun}>
                    <Link to={placeOf(noun)}>
                      <Icon size={18} stroke={1.7} aria-hidden /> {words(noun)}
                    </Link>
                  </li>
                );
              })}
            </ul>
          </Block>
        </div>
      </div>
    </>
  );
}
