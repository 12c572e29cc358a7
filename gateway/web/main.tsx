import '@fontsource/sarabun/400.css';
import '@fontsource/sarabun/600.css';
import '@mantine/core/styles.css';
import './screen.css';
import './shell/shell.css';

import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startLanguage } from './language.ts';
import { startSession } from './shell/session-store.ts';
import { startStyleNonce, styleNonce } from './style-nonce.ts';
import { theme } from './theme.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html lacks its #root');
startStyleNonce();
await startLanguage();
const session = startSession();
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void session.read();
});
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} forceColorScheme="dark" getStyleNonce={styleNonce}>
      <App store={session} />
    </MantineProvider>
  </StrictMode>,
);
