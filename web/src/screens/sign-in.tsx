import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api/client.ts';
import { Note } from '../ui/parts.tsx';
import css from './screens.module.css';

export function SignIn({ done }: { readonly done: () => void }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const entering = useMutation({ mutationFn: () => post('/sessions', { email, password }), onSuccess: done });
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    entering.mutate();
  };
  return (
    <main className={css.door}>
      <form className={css.doorForm} onSubmit={enter}>
        <img src="/icon.svg" alt="" width={40} height={40} />
        <h1 className={css.title}>{t('signIn.title')}</h1>
        <TextInput
          label={t('signIn.email')}
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={event => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('signIn.password')}
          autoComplete="current-password"
          required
          value={password}
          onChange={event => setPassword(event.currentTarget.value)}
        />
        <Note error={entering.error} />
        <Button type="submit" loading={entering.isPending}>
          {t('signIn.do')}
        </Button>
      </form>
    </main>
  );
}
