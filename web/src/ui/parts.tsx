/** Small parts every screen is made of. */
import {
  IconAlertTriangleFilled,
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconHourglassHigh,
  IconPlayerPauseFilled,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Offline, Refused } from '../api/client.ts';
import { useNames } from '../api/queries.ts';
import { age, initials, instant, words } from './format.ts';
import { type Look, lookOf } from './state.ts';
import css from './ui.module.css';

const ICONS: Readonly<Record<Look, typeof IconBan>> = {
  open: IconCircleDashed,
  waiting: IconHourglassHigh,
  stalled: IconAlertTriangleFilled,
  done: IconCircleCheckFilled,
  refused: IconBan,
  off: IconPlayerPauseFilled,
};

/** A state: icon, word and colour, always all three. */
export function Badge({
  status,
  look = lookOf(status),
  label = words(status),
}: {
  readonly status: string;
  readonly look?: Look;
  readonly label?: string;
}) {
  const Icon = ICONS[look];
  return (
    <span className={`${css.badge} ${css[look]}`}>
      <Icon size={13} aria-hidden />
      {label}
    </span>
  );
}

export function Owner({ id, named = false }: { readonly id: string; readonly named?: boolean }) {
  const name = useNames()(id);
  return (
    <span title={name} style={{ display: 'inline-flex', gap: 6, alignItems: 'center' }}>
      <span className={css.avatar} aria-hidden={named}>
        {initials(name)}
      </span>
      {named ? name : <span className="visually-hidden">{name}</span>}
    </span>
  );
}

/** How long ago, with the instant itself on demand. */
export const Age = ({ since }: { readonly since: string }) => (
  <time dateTime={since} title={instant(since)}>
    {age(since)}
  </time>
);

export const Skeleton = ({ rows = 6 }: { readonly rows?: number }) => (
  <div className={css.skeleton} aria-hidden>
    {Array.from({ length: rows }, (_, row) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: rows of a skeleton are all the same
      <span key={row} />
    ))}
  </div>
);

export const Empty = ({ children }: { readonly children: ReactNode }) => <div className={css.empty}>{children}</div>;

/** What the API said no with, in its own sentence; faults at their fields are listed where no form shows them. */
export function Note({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  if (error === null || error === undefined) return null;
  const problem = error instanceof Refused ? error.problem : undefined;
  const sentence = error instanceof Offline ? t('offline') : (problem?.detail ?? t('bug'));
  return (
    <div className={css.note} role="alert">
      <IconBan size={16} aria-hidden />
      <div>
        {problem?.status === 404 ? t('notFound') : sentence}
        {problem?.status !== undefined && problem.status >= 500 && problem.traceId !== undefined && (
          <div className={css.second}>
            {t('trace')} {problem.traceId}
          </div>
        )}
      </div>
    </div>
  );
}

export function Block({ title, aside, children }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={css.block} aria-label={title}>
      <div className={css.blockHead}>
        <h2>{title}</h2>
        {aside !== undefined && <small>{aside}</small>}
      </div>
      {children}
    </section>
  );
}
