/** A recorder box that speaks ONVIF: a video source for each camera on it, each in two sizes, and a still of each. */
import { readFileSync } from 'node:fs';
import { soap, type Answer } from './mock-device.ts';

/** The smallest JPEG that begins as one. */
export const tinyJpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(64)]);

/** `streamUrl`: where a channel's picture is; RTSP addresses of 192.168.7.2 without it. */
export function recorderOf(
  channels: number,
  options: {
    streamUrl?: (channel: number, size: 'main' | 'sub') => string;
    still?: Buffer;
    name?: string;
  } = {},
): Answer {
  const {
    streamUrl = (channel, size) => `rtsp://192.168.7.2:554/ch${channel}/${size}`,
    still = tinyJpeg,
    name = 'NVR-16',
  } = options;
  const numbers = Array.from({ length: channels }, (_, index) => index + 1);
  return ({ action, body }, response, request) => {
    const host = request.headers.host ?? '';
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(still);
      return;
    }
    const token = /ProfileToken>([^<]+)</.exec(body)?.[1] ?? '';
    const [, channel = '1', size = 'main'] = /^ch(\d+)-(main|sub)$/.exec(token) ?? [];
    const replies: Record<string, () => string> = {
      GetSystemDateAndTime: () => dateAndTime(new Date()),
      GetCapabilities: () =>
        `<GetCapabilitiesResponse><Capabilities><Media><XAddr>http://${host}/onvif/device_service</XAddr></Media></Capabilities></GetCapabilitiesResponse>`,
      GetDeviceInformation: () =>
        `<GetDeviceInformationResponse><Manufacturer>Recorders</Manufacturer><Model>${name}</Model></GetDeviceInformationResponse>`,
      GetProfiles: () =>
        `<GetProfilesResponse>${numbers.map((one) => profile(one, 'main') + profile(one, 'sub')).join('')}</GetProfilesResponse>`,
      GetStreamUri: () =>
        `<GetStreamUriResponse><MediaUri><Uri>${streamUrl(Number(channel), size as 'main' | 'sub')}</Uri></MediaUri></GetStreamUriResponse>`,
      GetSnapshotUri: () =>
        `<GetSnapshotUriResponse><MediaUri><Uri>http://${host}/still/${channel}</Uri></MediaUri></GetSnapshotUriResponse>`,
    };
    const reply = replies[action];
    response.writeHead(reply === undefined ? 500 : 200, { 'content-type': 'application/soap+xml' });
    response.end(
      soap(reply?.() ?? '<s:Fault><s:Reason><s:Text>Not Implemented</s:Text></s:Reason></s:Fault>'),
    );
  };
}

function profile(channel: number, size: 'main' | 'sub'): string {
  const [width, height] = size === 'main' ? [1920, 1080] : [640, 360];
  return (
    `<Profiles token="ch${channel}-${size}"><Name>ch${channel} ${size}</Name>` +
    `<VideoSourceConfiguration token="v${channel}"><SourceToken>src${channel}</SourceToken></VideoSourceConfiguration>` +
    `<VideoEncoderConfiguration token="e${channel}${size}"><Encoding>H264</Encoding>` +
    `<Resolution><Width>${width}</Width><Height>${height}</Height></Resolution>` +
    `<RateControl><FrameRateLimit>15</FrameRateLimit></RateControl></VideoEncoderConfiguration></Profiles>`
  );
}

function dateAndTime(now: Date): string {
  return (
    '<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime>' +
    `<Time><Hour>${now.getUTCHours()}</Hour><Minute>${now.getUTCMinutes()}</Minute><Second>${now.getUTCSeconds()}</Second></Time>` +
    `<Date><Year>${now.getUTCFullYear()}</Year><Month>${now.getUTCMonth() + 1}</Month><Day>${now.getUTCDate()}</Day></Date>` +
    '</UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>'
  );
}

/** A picture, for those who look at screens. */
export function wallPicture(): Buffer {
  return readFileSync(new URL('../../../gateway/web/wall.jpg', import.meta.url));
}
