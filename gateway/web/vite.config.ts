import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm start` listens; `npx vite --config gateway/web/vite.config.ts` forwards to it while screens are written. */
const gatewayAddress = 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // Written by the gateway into each page that it sends (gateway/security-headers.ts).
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // No data: addresses, so that the page's Content-Security-Policy needs none for type or pictures.
    assetsInlineLimit: 0,
    // hls.js alone is above the default of 500 kB.
    chunkSizeWarningLimit: 1_200,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/live', '/recorded', '/download'].map((path) => [path, gatewayAddress]),
    ),
  },
});
