/**
 * The page of the first-picture benchmark: hls.js and nothing else, on the same origin as the media.
 */
import { readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BENCH_FOLDER } from './compile.ts';

/** ms since loadSource was called; undefined for what did not happen before the first frame. */
export interface FirstPicture {
  manifestMs?: number;
  playlistMs?: number;
  fragmentMs?: number;
  bufferedMs?: number;
  frameMs: number;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>first picture</title><script src="/hls.min.js"></script>
<script>
  window.firstPicture = (source) => new Promise((resolve, reject) => {
    const video = document.createElement('video');
    video.muted = true;
    video.width = 640;
    document.body.append(video);
    const hls = new Hls({ lowLatencyMode: true });
    const seen = {};
    let from;
    const mark = (name) => { seen[name] ??= performance.now() - from; };
    const end = () => { hls.destroy(); video.remove(); };
    hls.on(Hls.Events.MANIFEST_PARSED, () => { mark('manifestMs'); video.play().catch(() => {}); });
    hls.on(Hls.Events.LEVEL_LOADED, () => mark('playlistMs'));
    hls.on(Hls.Events.FRAG_LOADED, () => mark('fragmentMs'));
    hls.on(Hls.Events.BUFFER_APPENDED, () => mark('bufferedMs'));
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (error.fatal) { end(); reject(new Error(error.details)); }
    });
    video.requestVideoFrameCallback(() => { mark('frameMs'); end(); resolve(seen); });
    hls.attachMedia(video);
    hls.on(Hls.Events.MEDIA_ATTACHED, () => { from = performance.now(); hls.loadSource(source); });
  });
</script><body></body>`;

export interface PageServer {
  url: string;
  close: () => Promise<void>;
}

/** Serves the page, and hands /live on to the gateway. */
export async function servePage(gatewayPort: number, token: string): Promise<PageServer> {
  const hls = readFileSync(join(BENCH_FOLDER, '../../node_modules/hls.js/dist/hls.min.js'));
  const server = createServer((asked, answer) => {
    if (asked.url?.startsWith('/live/')) handOn(gatewayPort, token, asked, answer);
    else if (asked.url === '/hls.min.js')
      answer.setHeader('content-type', 'text/javascript').end(hls);
    else answer.setHeader('content-type', 'text/html').end(PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function handOn(port: number, token: string, asked: IncomingMessage, answer: ServerResponse): void {
  const headers = { ...asked.headers, authorization: `Bearer ${token}` };
  const onward = request(
    { host: '127.0.0.1', port, path: asked.url, method: asked.method, headers },
    (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    },
  );
  onward.on('error', () => answer.destroy());
  answer.on('close', () => onward.destroy());
  onward.end();
}
