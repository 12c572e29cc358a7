import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands before a gateway and adds a token to every request: players that are tested for their pictures (ffmpeg, VLC,
 * GStreamer, hls.js) cannot all be given a header, and need not know of signing in. That is tested elsewhere.
 */
export async function signedInFront(
  gatewayUrl: string,
  token: string,
  frontPort = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { hostname, port } = new URL(gatewayUrl);
  const agent = new Agent({ keepAlive: true });
  const server = createServer((asked, answer) => {
    const onward = request(
      {
        agent,
        host: hostname,
        port,
        path: asked.url,
        method: asked.method,
        headers: { ...asked.headers, authorization: `Bearer ${token}` },
      },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
        got.on('error', () => answer.destroy());
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  server.listen(frontPort, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}
