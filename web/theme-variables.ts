/**
 * Mantine's variables as a style sheet made at build time: a page under `style-src 'self'` cannot have the style element that
 * its provider would write.
 */
import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import type { Plugin } from 'vite';
import { theme } from './src/theme.ts';

const NAME = 'virtual:theme-variables.css';

export const themeVariables = (): Plugin => ({
  name: 'theme-variables',
  resolveId: id => (id === NAME ? `\0${NAME}` : null),
  load: id =>
    id === `\0${NAME}` ? convertCssVariables(defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme)), ':root') : null,
});
