/**
 * nginx on SUBJECT_CORE, serving a folder as fast as it knows: the measure for a server of files.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './children.ts';
import { SUBJECT_CORE } from './cores.ts';
import { freePort } from './gateway-process.ts';
import { httpClient } from './http-client.ts';

const NGINX = '/usr/sbin/nginx';
const START_PATIENCE_MS = 5000;

export interface Nginx {
  pid: number;
  port: number;
  stop: () => Promise<void>;
}

export const hasNginx = (): boolean => existsSync(NGINX);

export async function startNginx(folder: string): Promise<Nginx> {
  const home = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const port = await freePort();
  writeFileSync(
    join(home, 'nginx.conf'),
    `daemon off;
master_process off;
pid ${home}/pid;
error_log stderr error;
events { worker_connections 4096; multi_accept on; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=100000 inactive=300s;
  open_file_cache_valid 300s;
  default_type application/octet-stream;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder}; }
}
`,
  );
  const child = startChild({
    command: NGINX,
    args: ['-p', home, '-c', join(home, 'nginx.conf')],
    core: SUBJECT_CORE,
    output: 'dropped',
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const http = httpClient(port, 1);
  const untilMs = performance.now() + START_PATIENCE_MS;
  while ((await http.get('/trace').catch(() => undefined)) === undefined) {
    if (child.ended() || performance.now() > untilMs) {
      await stop();
      throw new Error(`nginx did not start: ${child.lastWords()}`);
    }
    await sleep(50);
  }
  http.close();
  return { pid: child.pid, port, stop };
}
