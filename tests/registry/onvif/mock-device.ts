/** A device on this machine that answers ONVIF with recorded replies, or with whatever a test wants. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const RECORDED = fileURLToPath(new URL('../../../../shared/data/onvif/', import.meta.url));

export type Vendor = 'agsh-mock' | 'axis' | 'trendnet';

export const vendors: readonly Vendor[] = ['agsh-mock', 'axis', 'trendnet'];
/** Undefined where the replies are; else why tests of them are skipped. */
export const noReplies: string | undefined = existsSync(RECORDED)
  ? undefined
  : 'no recorded replies: ../shared/data/onvif is not there';
if (noReplies !== undefined) console.log(`skipped: ${noReplies}`);

/** An action that has no recorded reply is one that the device does not know (ONVIF Core §5.8.2). */
const NOT_SUPPORTED =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>' +
  '<s:Reason><s:Text>Optional Action Not Implemented</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>';

export interface AskedAction {
  action: string;
  body: string;
  authorization: string | undefined;
}

export interface MockDevice {
  /** Of its device service. */
  address: string;
  port: number;
  asked: AskedAction[];
  close: () => Promise<void>;
}

export type Answer = (
  asked: AskedAction,
  response: ServerResponse,
  request: IncomingMessage,
) => void;

export async function startDevice(answer: Answer): Promise<MockDevice> {
  const asked: AskedAction[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const piece of request) body += String(piece);
      const action = /Body[^>]*><([A-Za-z]+)/.exec(body)?.[1] ?? '';
      const one = { action, body, authorization: request.headers.authorization };
      asked.push(one);
      answer(one, response, request);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/onvif/device_service`,
    port,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** As that device answered when it was recorded. */
export function recorded(vendor: Vendor): Answer {
  return ({ action }, response) => {
    const xml = recordedReply(vendor, action);
    response.writeHead(xml === undefined ? 500 : 200, { 'content-type': 'application/soap+xml' });
    response.end(xml ?? NOT_SUPPORTED);
  };
}

export function recordedReply(vendor: Vendor, action: string): string | undefined {
  const names =
    vendor === 'agsh-mock'
      ? [`${action}.xml`, `media.${action}.xml`, `device.${action}.xml`]
      : [`core/${action}.Response.xml`, `media/${action}.Response.xml`];
  const path = names.map((name) => `${RECORDED}${vendor}/${name}`).find((name) => existsSync(name));
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}

/** A reply of the shape that the package expects. */
export function soap(content: string): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${content}</s:Body></s:Envelope>`;
}
