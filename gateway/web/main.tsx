import '@fontsource/sarabun/400.css';
import '@fontsource/sarabun/600.css';
import '@mantine/core/styles.css';
import './screen.css';

import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startGatewayFeed } from './gateway-feed.ts';
import { startLanguage } from './language.ts';
import { startStyleNonce, styleNonce } from './style-nonce.ts';
import { theme } from './theme.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html lacks its #root');
startStyleNonce();
await startLanguage();
const feed = startGatewayFeed();
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} forceColorScheme="dark" getStyleNonce={styleNonce}>
      <App feed={feed} />
    </MantineProvider>
  </StrictMode>,
);
