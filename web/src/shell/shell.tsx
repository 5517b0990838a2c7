import { Menu, useMantineColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconHistory, IconHome, IconProgress, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { remove } from '../api/client.ts';
import { useDownSince, useLine } from '../api/live.ts';
import { asked, cache, me, useMay, useNouns } from '../api/queries.ts';
import type { Noun, Page, Process } from '../api/shapes.ts';
import { LANGUAGES, speak } from '../i18n/index.ts';
import { initials, instant, words } from '../ui/format.ts';
import ui from '../ui/ui.module.css';
import { Palette } from './palette.tsx';
import { GROUPS, iconOf, nounsOf, placeOf } from './places.ts';
import css from './shell.module.css';

/** The rail, the sheet and what is everywhere: palette, state of the line, the person. */
export function Shell() {
  const { t } = useTranslation();
  const [isSearching, setSearching] = useState(false);
  useHotkeys([['mod+K', () => setSearching(true)]], []);
  const line = useLine();
  const downSince = useDownSince();
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#main">
        {t('nav.main')}
      </a>
      <Rail search={() => setSearching(true)} />
      <main id="main" className={css.sheet}>
        {line === 'offline' && (
          <div className={css.strip} role="status">
            {t('offlineSince', { time: instant(downSince) })}
          </div>
        )}
        <Outlet />
      </main>
      <PhoneTabs search={() => setSearching(true)} />
      {isSearching && <Palette close={() => setSearching(false)} />}
    </div>
  );
}

function Rail({ search }: { readonly search: () => void }) {
  const { t } = useTranslation();
  const nouns = useNouns();
  const may = useMay();
  return (
    <nav className={css.rail} aria-label={t('nav.main')}>
      <div className={css.brand}>
        <img src="/icon.svg" alt="" width={22} height={22} />
        <span>{t('app')}</span>
      </div>
      <button type="button" className={css.search} onClick={search}>
        <IconSearch size={15} aria-hidden />
        <span>{t('search')}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <ul className={css.nav}>
        <Place to="/" label={t('home.title')} icon={IconHome} />
      </ul>
      {GROUPS.slice(0, 3).map(group => (
        <Places key={group} label={t(`nav.${group}`)} nouns={nounsOf(nouns, group)} />
      ))}
      {(may('platform:processes') || may('platform:audit')) && (
        <>
          <h2 className={css.group}>{t('nav.understand')}</h2>
          <ul className={css.nav}>
            {may('platform:processes') && <ProcessesPlace />}
            {may('platform:audit') && <Place to="/events" label={words('history')} icon={IconHistory} />}
          </ul>
        </>
      )}
      <details className={css.more}>
        <summary>{t('nav.more')}</summary>
        <Places nouns={nounsOf(nouns, 'more')} />
      </details>
      <Person />
    </nav>
  );
}

function Places({ label, nouns }: { readonly label?: string; readonly nouns: readonly Noun[] }) {
  if (nouns.length === 0) return null;
  return (
    <>
      {label !== undefined && <h2 className={css.group}>{label}</h2>}
      <ul className={css.nav}>
        {nouns.map(({ noun }) => (
          <Place key={noun} to={placeOf(noun)} label={words(noun)} icon={iconOf(noun)} />
        ))}
      </ul>
    </>
  );
}

interface PlaceProps {
  readonly to: string;
  readonly label: string;
  readonly icon: typeof IconHome;
  readonly badge?: number;
}

function Place({ to, label, icon: Icon, badge = 0 }: PlaceProps) {
  return (
    <li>
      <Link to={to} activeOptions={{ exact: to === '/' }}>
        <Icon size={16} stroke={1.8} aria-hidden />
        <span>{label}</span>
        {badge > 0 && <b className={css.solid}>{badge}</b>}
      </Link>
    </li>
  );
}

const STALLED_SHOWN_MAX = 99;

function ProcessesPlace() {
  const { t } = useTranslation();
  const { data } = useQuery(asked<Page<Process>>('/processes', { 'filter[stalled]': 'true', limit: String(STALLED_SHOWN_MAX) }));
  return <Place to="/processes" label={t('process.title')} icon={IconProgress} badge={data?.items.length ?? 0} />;
}

function Person() {
  const { t, i18n } = useTranslation();
  const { data } = useQuery(me);
  const line = useLine();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = async (): Promise<void> => {
    await remove('/sessions/current');
    cache.clear();
    location.assign('/');
  };
  const other = LANGUAGES.find(language => language !== i18n.language) ?? 'en';
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <button type="button" className={css.person}>
          <span className={ui.avatar} style={{ display: 'inline-grid' }} aria-hidden>
            {initials(data?.user.name ?? '')}
          </span>
          <span>
            <b>{data?.user.name}</b>
            <small className={css.line} data-line={line}>
              {line === 'live' ? t('live') : '—'}
            </small>
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => setColorScheme(colorScheme === 'dark' ? 'light' : 'dark')}>{t('theme')}</Menu.Item>
        <Menu.Item onClick={() => speak(other)}>
          {t('language')}: {other}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>{t('signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** On a phone the rail gives way to four tabs and the search. */
function PhoneTabs({ search }: { readonly search: () => void }) {
  const { t } = useTranslation();
  const nouns = useNouns();
  const shown = [...nounsOf(nouns, 'sell'), ...nounsOf(nouns, 'fulfil'), ...nounsOf(nouns, 'supply')]
    .filter(({ noun }) => ['deals', 'sales-orders', 'stock-levels', 'invoices'].includes(noun))
    .slice(0, 3);
  return (
    <nav className={css.tabs} aria-label={t('nav.main')}>
      <Link to="/" activeOptions={{ exact: true }}>
        <IconHome size={19} aria-hidden />
        {t('home.title')}
      </Link>
      {shown.map(({ noun }) => {
        const Icon = iconOf(noun);
        return (
          <Link key={noun} to={placeOf(noun)}>
            <Icon size={19} aria-hidden />
            {words(noun)}
          </Link>
        );
      })}
      <button type="button" onClick={search}>
        <IconSearch size={19} aria-hidden />
        {t('nav.more')}
      </button>
    </nav>
  );
}
