import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { forwarding } from '#gateway/forwarding.ts';

function request(remoteAddress: string, headers: Record<string, string>): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
}

const said = {
  host: 'gateway.internal:8080',
  'x-forwarded-for': '203.0.113.9, 10.0.0.2',
  'x-forwarded-host': 'cctv.example.go.th',
};

test('forwarded headers of a trusted proxy count, up to the first address that is not one', () => {
  const { addressOf, hostOf } = forwarding(['10.0.0.0/8']);
  const behind = request('10.0.0.1', said);
  expect(addressOf(behind)).toBe('203.0.113.9');
  expect(hostOf(behind)).toBe('cctv.example.go.th');
});

test('those of anybody else do not, nor any without a trusted proxy', () => {
  for (const proxies of [[], ['10.0.0.0/8']]) {
    const { addressOf, hostOf } = forwarding(proxies);
    const stranger = request('192.0.2.1', said);
    expect(addressOf(stranger)).toBe('192.0.2.1');
    expect(hostOf(stranger)).toBe('gateway.internal:8080');
  }
});

test('a client cannot put itself in front of its own address', () => {
  const { addressOf } = forwarding(['10.0.0.1']);
  // The proxy appends who connected to it.
  const headers = { 'x-forwarded-for': '127.0.0.1, 10.9.9.9, 198.51.100.7' };
  expect(addressOf(request('10.0.0.1', headers))).toBe('198.51.100.7');
});

test('what is no address is refused', () => {
  expect(() => forwarding(['everyone'])).toThrow(TypeError);
});
