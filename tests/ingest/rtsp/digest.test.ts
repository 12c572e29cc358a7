import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { authorization, chooseChallenge, type Challenge } from '#ingest/rtsp/digest.ts';

/** RFC 7616 §3.9.1. */
const MUFASA = { username: 'Mufasa', password: 'Circle of Life' };
const CLIENT_NONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const rfc7616 = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

function chosen(...values: string[]): Challenge {
  const challenge = chooseChallenge(values);
  if (challenge === undefined) throw new Error('no challenge was understood');
  return challenge;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function fields(answer: string): Record<string, string> {
  return Object.fromEntries(
    [...answer.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map((match) => [
      match[1] as string,
      match[2] ?? match[3] ?? '',
    ]),
  );
}

describe('the answer to a challenge', () => {
  test.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('of RFC 7616 with %s', (algorithm, response) => {
    const answer = authorization(
      chosen(rfc7616(algorithm)),
      MUFASA,
      'GET',
      '/dir/index.html',
      1,
      CLIENT_NONCE,
    );
    expect(answer.startsWith('Digest ')).toBe(true);
    expect(fields(answer)).toMatchObject({
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce: CLIENT_NONCE,
      qop: 'auth',
      response,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
  });

  test('of RFC 2617, qop=auth without an algorithm', () => {
    const challenge = chosen(
      'Digest realm="testrealm@host.com",qop="auth,auth-int",nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    );
    const credentials = { username: 'Mufasa', password: 'Circle Of Life' };
    const answer = authorization(challenge, credentials, 'GET', '/dir/index.html', 1, '0a4f113b');
    expect(fields(answer)['response']).toBe('6629fae49393a05397450978507c4ef1');
    expect(answer).not.toContain('algorithm');
  });

  test('without qop it has no count and no nonce of ours', () => {
    const challenge = chosen(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
    );
    const credentials = { username: 'Mufasa', password: 'Circle Of Life' };
    const answer = authorization(challenge, credentials, 'GET', '/dir/index.html', 1);
    // RFC 2069 §2.4 as corrected by its erratum 749.
    expect(fields(answer)).toEqual({
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      uri: '/dir/index.html',
      response: '670fd8c2df070c60b045671b8b24ff02',
    });
  });

  test('counts in eight hexadecimal digits, with a new nonce of ours each time', () => {
    const challenge = chosen(rfc7616('MD5'));
    const first = fields(authorization(challenge, MUFASA, 'PLAY', 'rtsp://c/', 26));
    const second = fields(authorization(challenge, MUFASA, 'PLAY', 'rtsp://c/', 27));
    expect(first['nc']).toBe('0000001a');
    expect(second['cnonce']).not.toBe(first['cnonce']);
  });

  test('to Basic is the name and password, RFC 7617 §2', () => {
    const credentials = { username: 'Aladdin', password: 'open sesame' };
    expect(authorization(chosen('Basic realm="WallyWorld"'), credentials, 'GET', '/', 1)).toBe(
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    );
  });

  test('to Basic is in UTF-8, RFC 7617 §2.1', () => {
    const credentials = { username: 'test', password: '123£' };
    expect(authorization({ scheme: 'basic' }, credentials, 'GET', '/', 1)).toBe(
      'Basic dGVzdDoxMjPCow==',
    );
  });

  test('hashes a name in UTF-8, and a realm as the bytes that the camera sent', () => {
    // The reply is read byte by byte: its realm is UTF-8 seen as latin1.
    const realm = Buffer.from('กล้อง').toString('latin1');
    const challenge = chosen(`Digest realm="${realm}", nonce="n"`);
    const answer = authorization(challenge, { username: 'ผู้ดูแล', password: 'ลับ' }, 'PLAY', '/', 1);
    const response = md5(`${md5('ผู้ดูแล:กล้อง:ลับ')}:n:${md5('PLAY:/')}`);
    const sent = Buffer.from(answer, 'latin1').toString('utf8');
    expect(sent).toContain(`username="ผู้ดูแล", realm="กล้อง"`);
    expect(sent).toContain(`response="${response}"`);
  });

  test('quotes what could end a quoted string, and has no line break', () => {
    const challenge = chosen('Digest realm="a\\"b\\\\c", nonce="n"');
    const answer = authorization(
      challenge,
      { username: 'x"\r\nEvil: 1', password: '' },
      'PLAY',
      'rtsp://c/',
      1,
    );
    expect(answer).toContain('realm="a\\"b\\\\c"');
    expect(answer).toContain('username="x\\"Evil: 1"');
    expect(answer).not.toMatch(/[\r\n]/);
  });
});

describe('of several challenges', () => {
  test('SHA-256 goes before MD5, MD5 before Basic, whatever their order', () => {
    const basic = 'Basic realm="c"';
    expect(chosen(rfc7616('MD5'), rfc7616('SHA-256'), basic)).toMatchObject({
      algorithm: 'SHA-256',
    });
    expect(chosen(basic, rfc7616('MD5'))).toMatchObject({ algorithm: 'MD5' });
    expect(chosen(basic)).toEqual({ scheme: 'basic' });
  });

  test('two may stand in one header', () => {
    expect(chosen('Basic realm="c", Digest realm="c", nonce="n", stale=TRUE')).toEqual({
      scheme: 'digest',
      realm: 'c',
      nonce: 'n',
      opaque: undefined,
      algorithm: 'MD5',
      qop: undefined,
      stale: true,
    });
    expect(chosen('Digest realm="c", nonce="n", Basic realm="c"')).toMatchObject({ nonce: 'n' });
  });

  test('one that is not understood is passed over', () => {
    expect(chooseChallenge([])).toBeUndefined();
    expect(chooseChallenge(['Bearer x', 'Negotiate', 'Digest realm="no nonce"'])).toBeUndefined();
    expect(chooseChallenge([rfc7616('SHA-512-256'), 'Basic'])).toEqual({ scheme: 'basic' });
  });

  test('names in any case, values bare or quoted, spaces about the equals sign', () => {
    expect(chosen('dIgEsT Realm = "c" ,NONCE=abc, Algorithm="md5", QOP=auth')).toMatchObject({
      realm: 'c',
      nonce: 'abc',
      algorithm: 'MD5',
      qop: 'auth',
    });
  });

  test('auth-int alone is answered as without qop', () => {
    expect(chosen('Digest realm="c", nonce="n", qop="auth-int"')).toMatchObject({ qop: undefined });
  });
});
