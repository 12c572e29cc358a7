import { createTheme } from '@mantine/core';

/** Dark and neutral: pictures are the only colour on the wall, beside the states. */
export const theme = createTheme({
  fontFamily: "Sarabun, 'Noto Sans Thai', sans-serif",
  headings: { fontFamily: "Sarabun, 'Noto Sans Thai', sans-serif", fontWeight: '600' },
  primaryColor: 'blue',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  colors: {
    dark: [
      '#e6e9ec',
      '#c3c9cf',
      '#9aa3ab',
      '#6b757e',
      '#3a424a',
      '#2c333a',
      '#22282e',
      '#181c20',
      '#121518',
      '#0c0e10',
    ],
  },
});
