import { expect, test } from 'vitest';
import {
  CameraNetworkNotValid,
  defaultCameraNetworks,
  isAllowed,
  isOutside,
  parseCameraNetworks,
} from '#registry/camera-networks.ts';

function allowed(cidrs: readonly string[], addresses: readonly string[]): string[] {
  const networks = parseCameraNetworks(cidrs);
  return addresses.filter((address) => isAllowed(networks, address));
}

const metadata = [
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd00:ec2::253',
  'fd20:ce::254',
];
const thisMachine = ['127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '::ffff:127.0.0.1'];

test('by default: the private ranges, and no address of this machine, its link or a metadata service', () => {
  const privateOnes = ['10.1.2.3', '172.31.255.255', '192.168.1.64', 'fd12::1', '::ffff:10.0.0.1'];
  expect(allowed(defaultCameraNetworks, privateOnes)).toEqual(privateOnes);
  const others = ['8.8.8.8', '172.32.0.1', '2001:db8::1', 'fe80::1%eth0', '::ffff:8.8.8.8'];
  expect(allowed(defaultCameraNetworks, [...others, ...metadata, ...thisMachine])).toEqual([]);
});

test('a wide network does not open this machine or a metadata service', () => {
  const everything = ['0.0.0.0/0', '::/0'];
  expect(allowed(everything, ['8.8.8.8', '2001:db8::1', '10.0.0.1'])).toHaveLength(3);
  const hidden = [
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '::7f00:1',
    '::ffff:7f00:1',
    '224.0.0.1',
  ];
  expect(allowed(everything, [...metadata, ...thisMachine, ...hidden])).toEqual([]);
});

test('a stream’s address is outside where its number says so; a name is looked up later', () => {
  const networks = parseCameraNetworks(['10.0.0.0/8', 'fd12::/16']);
  const outside = [
    'rtsp://203.0.113.9/stream1',
    'rtsps://user:p%40ss@192.168.1.64:322/a',
    'rtsp://[2001:db8::1]/a',
    'rtsp://127.0.0.1/a',
  ];
  expect(outside.filter((url) => !isOutside(networks, url))).toEqual([]);
  const others = [
    'rtsp://10.1.2.3/a',
    'rtsp://[fd12::1]:554/a',
    'rtsp://camera.example/a',
    'rtsp:/',
    '',
  ];
  expect(others.filter((url) => isOutside(networks, url))).toEqual([]);
});

test('a special range is open once it is named', () => {
  expect(allowed(['127.0.0.0/8'], ['127.0.0.1', '::ffff:127.0.0.1', '::1', '10.0.0.1'])).toEqual([
    '127.0.0.1',
    '::ffff:127.0.0.1',
  ]);
  expect(allowed(['::1'], ['::1', '127.0.0.1'])).toEqual(['::1']);
  expect(allowed(['169.254.0.0/16'], ['169.254.7.7'])).toEqual(['169.254.7.7']);
});

test('what is not an address is not allowed', () => {
  expect(allowed(['0.0.0.0/0', '::/0'], ['localhost', '', '10.0.0.1:80', '0x7f.1'])).toEqual([]);
});

test('what is not a network is refused', () => {
  for (const cidr of [
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0',
    'lan',
    '',
    '10.0.0.0/8/8',
    '10.0.0.0/',
  ]) {
    expect(() => parseCameraNetworks([cidr])).toThrow(CameraNetworkNotValid);
  }
});
