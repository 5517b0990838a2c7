import { Button, createTheme, Select, TextInput } from '@mantine/core';

/** The accent from its faintest to its deepest; the rest of the colours are tokens of our own in styles/tokens.css. */
const thread = ['#eef9fb', '#d8f2f7', '#b5e4ed', '#86cfdc', '#55b4c4', '#2696a7', '#107c8b', '#03626f', '#004c56', '#03343c'] as const;

export const theme = createTheme({
  primaryColor: 'thread',
  primaryShade: { light: 7, dark: 6 },
  colors: { thread },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  defaultRadius: 6,
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { checkIconPosition: 'right' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
  },
});
