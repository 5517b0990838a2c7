/** Where something is, since when, who can move it, what comes next. */
import { Button } from '@mantine/core';
import { IconAlertTriangleFilled, IconCheck, IconHourglassHigh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useNouns } from '../api/queries.ts';
import type { Noun, Operation, RecordRef, Waiting } from '../api/shapes.ts';
import { CommandDrawer } from '../generic/command-drawer.tsx';
import { age, instant, words } from './format.ts';
import css from './process.module.css';

export interface Step {
  readonly name: string;
  readonly at: 'done' | 'now' | 'stalled' | 'next';
  /** What is told of it: when, by whom, what is expected. */
  readonly detail?: string | undefined;
}

export const Steps = ({ steps }: { readonly steps: readonly Step[] }) => (
  <ol className={css.line}>
    {steps.map(({ name, at, detail }) => (
      <li key={name} className={css.step} data-at={at} aria-current={at === 'now' || at === 'stalled' ? 'step' : undefined}>
        <span className={css.dot} aria-hidden>
          {at === 'done' && <IconCheck size={13} />}
          {at === 'now' && <IconHourglassHigh size={12} />}
          {at === 'stalled' && <IconAlertTriangleFilled size={12} />}
        </span>
        <span>
          <b>{name}</b>
          {detail !== undefined && <span className={css.small}> {detail}</span>}
        </span>
      </li>
    ))}
  </ol>
);

interface Move {
  readonly command: Operation;
  readonly names: Readonly<Record<string, string>>;
}

/** The command that moves what waits, and the record it is for: the one waited for, or the one that waits. */
export function moveOf({ movedBy, waitsFor }: Waiting, about: RecordRef, nouns: readonly Noun[]): Move | undefined {
  if (movedBy === null) return undefined;
  const noun = nouns.find(({ commands, creates }) => [...commands, ...creates].some(({ type }) => type === movedBy.command));
  const command = [...(noun?.commands ?? []), ...(noun?.creates ?? [])].find(({ type }) => type === movedBy.command);
  if (noun === undefined || command === undefined) return undefined;
  const record = [waitsFor, about].find(ref => ref?.category === noun.category);
  if (command.path.includes(':') && record === undefined) return undefined;
  return { command, names: record === undefined || record === null ? {} : { id: record.id } };
}

const STALLED = new Set(['parked', 'unadopted']);
export const isStalled = ({ status }: Pick<Waiting, 'status'>): boolean => STALLED.has(status);

export function WaitingBand({ waiting, about }: { readonly waiting: Waiting; readonly about: RecordRef }) {
  const { t } = useTranslation();
  const nouns = useNouns();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const move = moveOf(waiting, about, nouns);
  const { reason, since, next, movedBy } = waiting;
  return (
    <>
      <div className={css.band} data-stalled={isStalled(waiting)}>
        <div>
          <h3>{t('process.waitingFor')}</h3>
          <p className={css.sentence}>{reason}</p>
          <p className={css.small}>{t('process.since', { time: instant(since), age: age(since) })}</p>
        </div>
        <div>
          <h3>{t('process.whoCan')}</h3>
          <p>
            {movedBy === null
              ? t('process.house')
              : t('process.permission', { permission: words(movedBy.permission.split(':')[1] ?? '').toLowerCase() })}
          </p>
        </div>
        <div className={css.buttons}>
          {move !== undefined && movedBy !== null && may(movedBy.permission) && (
            <Button onClick={() => setOpen(true)}>{words(move.command.type)}</Button>
          )}
        </div>
      </div>
      <p className={css.next}>
        <b>→ {t('process.then')}</b> {next}
      </p>
      {isOpen && move !== undefined && <CommandDrawer command={move.command} names={move.names} close={() => setOpen(false)} />}
    </>
  );
}

export const ProcessFrame = ({ children }: { readonly children: React.ReactNode }) => <section className={css.process}>{children}</section>;
