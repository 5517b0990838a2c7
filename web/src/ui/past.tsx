/** The past looks like the past: chosen by an instant, marked by a ribbon, and nothing can be done in it. */
import { Button, Popover } from '@mantine/core';
import { IconArrowBackUp, IconClockHour4 } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Search } from '../app.tsx';
import css from '../screens/screens.module.css';
import { instant } from './format.ts';

/** The instant of the address, where it names one. */
export const usePast = (): string | undefined => (useSearch({ strict: false }) as Search)['asOf'];

function useGo(): (asOf: string | undefined) => void {
  const navigate = useNavigate();
  return asOf => void navigate({ to: '.', search: (now: Search) => ({ ...now, asOf }) });
}

export function PastButton() {
  const { t } = useTranslation();
  const asOf = usePast();
  const go = useGo();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState(asOf === undefined ? '' : localText(asOf));
  const choose = (event: FormEvent): void => {
    event.preventDefault();
    setOpen(false);
    go(text === '' ? undefined : new Date(text).toISOString());
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus withArrow>
      <Popover.Target>
        <Button variant="default" leftSection={<IconClockHour4 size={15} />} onClick={() => setOpen(!isOpen)}>
          {t('record.asOf')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={choose} className={css.past}>
          <input
            type="datetime-local"
            aria-label={t('record.asOf')}
            required
            value={text}
            onChange={event => setText(event.currentTarget.value)}
          />
          <Button type="submit">{t('record.look')}</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** As an input of the browser takes it: local, to the minute. */
function localText(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function PastRibbon() {
  const { t } = useTranslation();
  const asOf = usePast();
  const go = useGo();
  if (asOf === undefined) return null;
  return (
    <div className={css.ribbon} role="status">
      <IconClockHour4 size={16} aria-hidden />
      {t('record.then', { time: instant(asOf) })}
      <span>{t('record.readOnly')}</span>
      <span className={css.grow}>
        <Button variant="default" leftSection={<IconArrowBackUp size={15} />} onClick={() => go(undefined)}>
          {t('record.backToNow')}
        </Button>
      </span>
    </div>
  );
}
