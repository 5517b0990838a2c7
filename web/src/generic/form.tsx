/** A form made of a command's JSON Schema. Values are kept as the API takes them; empty ones are not sent. */
import { Button, CloseButton, Radio, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asked, useColleagues, useNouns } from '../api/queries.ts';
import type { Noun, Page, Schema } from '../api/shapes.ts';
import { words } from '../ui/format.ts';
import css from './form.module.css';
import { nounOfReference, type Part, partsOf, titleOf } from './schema.ts';

export type Values = Readonly<Record<string, unknown>>;
/** What the API said of a field, by pointer. */
export type Faults = Readonly<Record<string, string>>;

interface FormProps {
  readonly schema: Schema;
  readonly values: Values;
  readonly change: (values: Values) => void;
  readonly faults: Faults;
}

export function Fields({ schema, values, change, faults }: FormProps) {
  const { t } = useTranslation();
  const [isWide, setWide] = useState(false);
  const parts = partsOf(schema, schema);
  const required = new Set(schema.required);
  const isShown = ({ name }: Part): boolean =>
    required.has(name) || isWide || faults[`/${name}`] !== undefined || values[name] !== undefined;
  const shown = parts.length <= FOLDED_FROM ? parts : parts.filter(isShown);
  return (
    <div className={css.fields}>
      {shown.map(part => (
        <Field
          key={part.name}
          part={part}
          root={schema}
          pointer={`/${part.name}`}
          isRequired={required.has(part.name)}
          value={values[part.name]}
          change={value => change({ ...values, [part.name]: value })}
          faults={faults}
        />
      ))}
      {shown.length < parts.length || isWide ? (
        <Button variant="subtle" size="compact-sm" className={css.more} onClick={() => setWide(!isWide)}>
          {isWide ? t('form.fewerFields') : t('form.moreFields')}
        </Button>
      ) : null}
    </div>
  );
}

/** Shorter forms show all there is. */
const FOLDED_FROM = 5;
const RADIOS_MAX = 4;

interface FieldProps {
  readonly part: Part;
  readonly root: Schema;
  readonly pointer: string;
  readonly isRequired: boolean;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly faults: Faults;
}

function Field({ part, root, pointer, isRequired, value, change, faults }: FieldProps) {
  const nouns = useNouns();
  const { name, kind, schema } = part;
  const common = { label: words(name), required: isRequired, error: faults[pointer], description: schema.description };
  const text = typeof value === 'string' ? value : '';
  const say = (next: string | null): void => change(next === null || next === '' ? undefined : next);
  if (schema.enum !== undefined && schema.enum.length <= RADIOS_MAX)
    return (
      <Radio.Group {...common} value={text} onChange={say}>
        <div className={css.radios}>
          {schema.enum.map(option => (
            <Radio key={option} value={option} label={words(option)} />
          ))}
        </div>
      </Radio.Group>
    );
  if (schema.enum !== undefined)
    return (
      <Select
        {...common}
        searchable
        clearable={!isRequired}
        data={schema.enum.map(option => ({ value: option, label: words(option) }))}
        value={text || null}
        onChange={say}
      />
    );
  if (kind === 'flag')
    return (
      <Switch
        label={common.label}
        description={common.description}
        checked={value === true}
        onChange={event => change(event.currentTarget.checked)}
      />
    );
  if (kind === 'money')
    return <MoneyField {...common} pointer={pointer} value={value as Values | undefined} change={change} faults={faults} />;
  if (kind === 'rows')
    return (
      <Rows
        part={part}
        root={root}
        pointer={pointer}
        value={(value as readonly Values[] | undefined) ?? [{}]}
        change={change}
        faults={faults}
      />
    );
  if (kind === 'texts') return <TagsInput {...common} value={(value as string[] | undefined) ?? []} onChange={change} />;
  if (kind === 'object')
    return <Group part={part} root={root} pointer={pointer} value={(value as Values | undefined) ?? {}} change={change} faults={faults} />;
  if (name === 'ownerId' || name === 'userId') return <ColleaguePicker {...common} value={text} say={say} />;
  const noun = name.endsWith('Id') ? nounOfReference(name, nouns) : undefined;
  if (noun?.list) return <RecordPicker {...common} noun={noun} value={text} say={say} />;
  if (kind === 'integer')
    return (
      <TextInput
        {...common}
        inputMode="numeric"
        value={value === undefined ? '' : String(value)}
        onChange={event => change(asNumber(event.currentTarget.value))}
      />
    );
  if (LONG.has(name)) return <Textarea {...common} autosize minRows={2} value={text} onChange={event => say(event.currentTarget.value)} />;
  const type = kind === 'day' ? 'date' : kind === 'instant' ? 'datetime-local' : 'text';
  return <TextInput {...common} type={type} value={text} onChange={event => say(event.currentTarget.value)} />;
}

const LONG = new Set(['description', 'reason', 'note', 'text', 'comment']);

/** What is no number is sent as it was typed, for the API to say so. */
const asNumber = (text: string): unknown => (text === '' ? undefined : /^-?\d+$/.test(text) ? Number(text) : text);

interface Common {
  readonly label: string;
  readonly required: boolean;
  readonly error: string | undefined;
  readonly description: string | undefined;
}

function MoneyField({
  label,
  required,
  pointer,
  value = {},
  change,
  faults,
}: Common & {
  readonly pointer: string;
  readonly value: Values | undefined;
  readonly change: (value: unknown) => void;
  readonly faults: Faults;
}) {
  const { t } = useTranslation();
  const set = (name: string, text: string): void => {
    const next = { ...value, [name]: text };
    if (name === 'currency') localStorage.setItem(CURRENCY_KEPT, text);
    change(next['amount'] === '' || next['amount'] === undefined ? undefined : { currency: usualCurrency(), ...next });
  };
  return (
    <div className={css.pair}>
      <TextInput
        label={label}
        required={required}
        inputMode="decimal"
        error={faults[pointer] ?? faults[`${pointer}/amount`]}
        value={String(value['amount'] ?? '')}
        onChange={event => set('amount', event.currentTarget.value)}
      />
      <TextInput
        label={t('form.currency')}
        w={80}
        error={faults[`${pointer}/currency`]}
        value={String(value['currency'] ?? usualCurrency())}
        onChange={event => set('currency', event.currentTarget.value.toUpperCase())}
      />
    </div>
  );
}

const CURRENCY_KEPT = 'throughline.currency';
/** The one this person said last. */
const usualCurrency = (): string => localStorage.getItem(CURRENCY_KEPT) ?? '';

interface NestedProps<Value> {
  readonly part: Part;
  readonly root: Schema;
  readonly pointer: string;
  readonly value: Value;
  readonly change: (value: unknown) => void;
  readonly faults: Faults;
}

function Group({ part, root, pointer, value, change, faults }: NestedProps<Values>) {
  const set = (name: string, next: unknown): void => {
    const whole = withoutEmpty({ ...value, [name]: next });
    change(Object.keys(whole).length === 0 ? undefined : whole);
  };
  return (
    <fieldset className={css.group}>
      <legend>{words(part.name)}</legend>
      {partsOf(part.schema, root).map(inner => (
        <Field
          key={inner.name}
          part={inner}
          root={root}
          pointer={`${pointer}/${inner.name}`}
          isRequired={part.schema.required?.includes(inner.name) ?? false}
          value={value[inner.name]}
          change={next => set(inner.name, next)}
          faults={faults}
        />
      ))}
    </fieldset>
  );
}

function Rows({ part, root, pointer, value, change, faults }: NestedProps<readonly Values[]>) {
  const { t } = useTranslation();
  const item: Part = { name: part.name, kind: 'object', schema: part.schema.items ?? {} };
  return (
    <fieldset className={css.group}>
      <legend>{words(part.name)}</legend>
      {faults[pointer] !== undefined && <p className={css.fault}>{faults[pointer]}</p>}
      {value.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name before they are sent
        <div key={index} className={css.row}>
          <div className={css.cells}>
            {partsOf(item.schema, root).map(inner => (
              <Field
                key={inner.name}
                part={inner}
                root={root}
                pointer={`${pointer}/${index}/${inner.name}`}
                isRequired={item.schema.required?.includes(inner.name) ?? false}
                value={row[inner.name]}
                change={next => change(value.with(index, withoutEmpty({ ...row, [inner.name]: next })))}
                faults={faults}
              />
            ))}
          </div>
          {value.length > 1 && <CloseButton aria-label={t('form.remove')} onClick={() => change(value.toSpliced(index, 1))} />}
        </div>
      ))}
      <Button variant="subtle" size="compact-sm" className={css.more} onClick={() => change([...value, {}])}>
        {t('form.add')}
      </Button>
    </fieldset>
  );
}

interface PickerProps extends Common {
  readonly value: string;
  readonly say: (value: string | null) => void;
}

function ColleaguePicker({ value, say, ...common }: PickerProps) {
  const colleagues = useColleagues();
  return (
    <Select
      {...common}
      searchable
      clearable
      data={colleagues.map(({ id, name }) => ({ value: id, label: name }))}
      value={value || null}
      onChange={say}
    />
  );
}

/** Chooses a record by name among the first of its list that match what is typed. */
function RecordPicker({ noun, value, say, ...common }: PickerProps & { readonly noun: Noun }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const list = noun.list;
  const canSearch = list?.input.properties?.['filter[search]'] !== undefined;
  const { data } = useQuery({
    ...asked<Page<Values>>(list?.path ?? '', { limit: '100', ...(canSearch && text.length > 1 ? { 'filter[search]': text } : {}) }),
    enabled: list !== null,
  });
  const options = (data?.items ?? []).map(row => ({ value: String(row['id']), label: optionOf(row) }));
  const known = value === '' || options.some(option => option.value === value) ? options : [{ value, label: value }, ...options];
  return (
    <Select
      {...common}
      searchable
      clearable={!common.required}
      placeholder={t('form.pick')}
      data={known}
      value={value || null}
      onChange={say}
      onSearchChange={setText}
    />
  );
}

const optionOf = (row: Values): string => {
  const title = titleOf(row);
  return typeof row['name'] === 'string' && row['name'] !== title ? `${title} · ${row['name']}` : title;
};

/** Without members nobody filled in. */
export const withoutEmpty = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''));
