/** What devices say of themselves, and what becomes of those that mean harm; each in the thread that the gateway uses. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { DeviceCalls, TooManyDeviceCalls } from '#registry/onvif/device-calls.ts';
import type { DeviceProbe } from '#registry/onvif/probe.ts';
import {
  noReplies,
  recorded,
  soap,
  startDevice,
  type Answer,
  type MockDevice,
} from './mock-device.ts';
import { recorderOf } from './mock-recorder.ts';

const open: MockDevice[] = [];
afterEach(async () => {
  for (const device of open.splice(0)) await device.close();
});

async function device(answer: Answer): Promise<MockDevice> {
  const started = await startDevice(answer);
  open.push(started);
  return started;
}

function calls(
  withinMs = 15_000,
  cameraNetworks = ['127.0.0.0/8', '192.168.0.0/16', '10.0.0.0/8'],
): DeviceCalls {
  return new DeviceCalls({
    workerUrl: new URL('../../../gateway/onvif-worker.ts', import.meta.url),
    cameraNetworks,
    withinMs,
  });
}

const order = (address: string) => ({ address, username: 'viewer', password: 'secret' });

function suggested({ suggestions }: DeviceProbe): Record<string, string | number> {
  return Object.fromEntries(suggestions.map(({ field, value }) => [field, value]));
}

describe.skipIf(noReplies !== undefined)('recorded devices', () => {
  test('a camera with two profiles tells all that the form asks', async () => {
    const camera = await device(recorded('agsh-mock'));
    const probe = await calls().probe(order(camera.address));
    expect(probe).toMatchObject({ result: 'ok', detail: '' });
    expect(suggested(probe)).toEqual({
      brand: 'Mockup Manufacturer',
      model: 'Mockup Model',
      recordedResolution: '1920x1080',
      highestResolution: '1920x1080',
      frameRate: 5,
    });
    expect(probe.streams[0]).toMatchObject({
      profile: 'main',
      encoding: 'H264',
      stream: { url: 'rtsp://192.168.68.111/h264main', elsewhere: true, refused: null },
    });
    expect(probe.suggestions.every(({ source }) => source === 'onvif')).toBe(true);
  });

  test('Axis, which knows no GetServices and no options: the highest resolution is that of its sensor', async () => {
    const camera = await device(recorded('axis'));
    const probe = await calls().probe(order(camera.address));
    expect(probe.result).toBe('ok');
    expect(suggested(probe)).toEqual({
      brand: 'AXIS',
      model: 'AXIS Q6045-E',
      recordedResolution: '1280x720',
      highestResolution: '1920x1080',
      frameRate: 30,
    });
    expect(camera.asked.map(({ action }) => action)).toContain('GetCapabilities');
  });

  test('TRENDnet: the larger of two pictures is the one that is recorded', async () => {
    const camera = await device(recorded('trendnet'));
    const probe = await calls().probe(order(camera.address));
    expect(probe.result).toBe('ok');
    expect(suggested(probe)).toMatchObject({
      brand: 'TRENDnet',
      model: 'TV-IP320PI',
      recordedResolution: '1280x720',
      highestResolution: '1280x960',
    });
    expect(probe.streams.map(({ resolution }) => resolution)).toEqual(['1280x720', '352x240']);
  });

  test('an address in a reply where no camera may be is not offered', async () => {
    const camera = await device(recorded('agsh-mock'));
    const probe = await calls(15_000, ['127.0.0.0/8']).probe(order(camera.address));
    expect(probe.result).toBe('ok');
    expect(probe.streams[0]).toMatchObject({
      stream: { url: null, elsewhere: true, refused: 'address-not-allowed' },
      snapshot: { url: null, elsewhere: true, refused: 'address-not-allowed' },
    });
  });

  test('the password is never sent in clear, and no request goes to the addresses that the device gives', async () => {
    const camera = await device(recorded('agsh-mock'));
    await calls().probe(order(camera.address));
    // Its services are at 192.168.68.111, by its own word; all were asked here.
    expect(camera.asked.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['GetDeviceInformation', 'GetProfiles', 'GetStreamUri']),
    );
    expect(JSON.stringify(camera.asked)).not.toContain('secret');
    expect(camera.asked.find(({ action }) => action === 'GetProfiles')?.body).toContain(
      '<Username>viewer</Username>',
    );
  });
});

describe('a recorder box', () => {
  test('tells of each of its cameras as a channel, in two sizes, and nothing of them by its own name', async () => {
    const box = await device(recorderOf(16));
    const probe = await calls().probe(order(box.address));
    expect([probe.result, probe.channelsLeftOut]).toEqual(['ok', 0]);
    expect(suggested(probe)).toEqual({ brand: 'Recorders', model: 'NVR-16' });
    expect(probe.streams).toHaveLength(32);
    expect(probe.streams.filter(({ channel }) => channel === 9)).toMatchObject([
      {
        profile: 'ch9 main',
        resolution: '1920x1080',
        frameRate: 15,
        stream: { url: 'rtsp://192.168.7.2:554/ch9/main' },
        snapshot: { url: `http://127.0.0.1:${box.port}/still/9` },
      },
      { profile: 'ch9 sub', resolution: '640x360' },
    ]);
  });

  test('of more channels than are looked at tells of the first 64', async () => {
    const box = await device(recorderOf(90));
    const { streams } = await calls().probe(order(box.address));
    expect(new Set(streams.map(({ channel }) => channel)).size).toBe(64);
  });
});

test('a password with Thai letters is signed as UTF-8, with the device’s clock', async () => {
  const password = 'รหัสลับ๑๒๓';
  const box = await device(recorderOf(1));
  const probe = await calls().probe({ address: box.address, username: 'viewer', password });
  expect(probe.result).toBe('ok');
  const asked = box.asked.find(({ action }) => action === 'GetProfiles')?.body ?? '';
  const field = (name: string): string =>
    new RegExp(`<${name}[^>]*>([^<]+)<`).exec(asked)?.[1] ?? '';
  const digest = createHash('sha1')
    .update(Buffer.from(field('Nonce'), 'base64'))
    .update(field('Created') + password, 'utf8')
    .digest('base64');
  expect(field('Password')).toBe(digest);
  expect(Math.abs(Date.parse(field('Created')) - Date.now())).toBeLessThan(60_000);
});

describe('a device that means harm ends its probe and nothing else', () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');

  test('a body without end', async () => {
    const hostile = await device((_asked, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await calls().probe(order(hostile.address))).toMatchObject({
      result: 'reply-too-large',
      suggestions: [],
    });
    expect(hostile.asked).toHaveLength(1);
  });

  test('entities that multiply', async () => {
    const lines = Array.from({ length: 12 }, (_, at) =>
      at === 0 ? '<!ENTITY e0 "ha">' : `<!ENTITY e${at} "${`&e${at - 1};`.repeat(10)}">`,
    );
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [${lines.join('')}]>${soap(
      '<GetDeviceInformationResponse><Manufacturer>&e11;</Manufacturer></GetDeviceInformationResponse>',
    )}`;
    const hostile = await device((_asked, response) => void response.end(bomb));
    const probe = await calls().probe(order(hostile.address));
    expect(probe.result).not.toBe('ok');
    expect(probe.suggestions).toEqual([]);
  });

  test('elements within elements, a hundred thousand deep', async () => {
    const deep = soap(`${'<a>'.repeat(70_000)}${'</a>'.repeat(70_000)}`.slice(0, 500_000));
    const hostile = await device((_asked, response) => void response.end(deep));
    expect((await calls().probe(order(hostile.address))).result).not.toBe('ok');
  });

  test('text that takes a parser very long is cut off in time', async () => {
    const hostile = await device((_asked, response) => void response.end('xmlns'.repeat(100_000)));
    expect(await calls(1_500).probe(order(hostile.address))).toMatchObject({ result: 'timeout' });
  });

  test('silence', async () => {
    const hostile = await device(() => {});
    expect(await calls(1_000).probe(order(hostile.address))).toMatchObject({ result: 'timeout' });
  });

  test('a redirection is not followed', async () => {
    const target = await device((_asked, response) => void response.end());
    const hostile = await device((_asked, response) => {
      response.writeHead(307, { location: target.address }).end();
    });
    expect(await calls().probe(order(hostile.address))).toMatchObject({ result: 'not-onvif' });
    expect(target.asked).toEqual([]);
  });

  test('values that do not fit are not suggested', async () => {
    const hostile = await device(({ action }, response) => {
      const replies: Record<string, string> = {
        GetDeviceInformation: `<GetDeviceInformationResponse><Manufacturer>${'x'.repeat(500)}</Manufacturer><Model>M-1\u202e</Model></GetDeviceInformationResponse>`,
        GetProfiles:
          '<GetProfilesResponse><Profiles token="p"><Name>main</Name><VideoEncoderConfiguration><Encoding>H264</Encoding>' +
          '<Resolution><Width>-1</Width><Height>1e9</Height></Resolution><RateControl><FrameRateLimit>100000</FrameRateLimit></RateControl>' +
          '</VideoEncoderConfiguration></Profiles></GetProfilesResponse>',
        GetStreamUri:
          '<GetStreamUriResponse><MediaUri><Uri>file:///etc/passwd</Uri></MediaUri></GetStreamUriResponse>',
        GetSnapshotUri:
          '<GetSnapshotUriResponse><MediaUri><Uri>http://169.254.169.254/latest/</Uri></MediaUri></GetSnapshotUriResponse>',
      };
      const services =
        '<GetServicesResponse><Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>http://169.254.169.254/m</XAddr></Service><Service><Namespace>http://www.onvif.org/ver10/device/wsdl</Namespace><XAddr>http://169.254.169.254/d</XAddr></Service></GetServicesResponse>';
      const time =
        '<GetSystemDateAndTimeResponse><SystemDateAndTime/></GetSystemDateAndTimeResponse>';
      const fallback = action === 'GetServices' ? services : time;
      response.end(soap(replies[action] ?? fallback));
    });
    const probe = await calls().probe(order(hostile.address));
    expect(probe).toMatchObject({ result: 'ok', suggestions: [] });
    expect(probe.streams).toMatchObject([
      {
        resolution: null,
        frameRate: null,
        stream: { url: null, refused: 'not-valid' },
        snapshot: { url: null, refused: 'address-not-allowed' },
      },
    ]);
  });
});

describe('what is wrong is told in a word of its own', () => {
  test('nobody may be asked outside the networks of cameras, by number or by name', async () => {
    const camera = await device(() => {});
    const guarded = calls(15_000, ['10.0.0.0/8']);
    for (const host of ['127.0.0.1', 'localhost']) {
      const address = `http://${host}:${camera.port}/onvif/device_service`;
      expect(await guarded.probe(order(address))).toMatchObject({ result: 'address-not-allowed' });
    }
    expect(camera.asked).toEqual([]);
  });

  test('a wrong password, nobody there, and a web server that is no device', async () => {
    const locked = await device((_asked, response) => {
      const challenge = 'Digest realm="d", nonce="n", qop="auth"';
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    expect(await calls().probe(order(locked.address))).toMatchObject({ result: 'unauthorised' });
    const web = await device((_asked, response) => void response.end('<html></html>'));
    expect(await calls().probe(order(web.address))).toMatchObject({ result: 'not-onvif' });
    await web.close();
    open.splice(open.indexOf(web), 1);
    expect(await calls().probe(order(web.address))).toMatchObject({ result: 'refused' });
  });

  test('the fifth at once is asked to come again', async () => {
    const mute = await device(() => {});
    const bounded = calls(1_000);
    const four = Array.from({ length: 4 }, () => bounded.probe(order(mute.address)));
    await expect(bounded.probe(order(mute.address))).rejects.toBeInstanceOf(TooManyDeviceCalls);
    await Promise.all(four);
  });
});
