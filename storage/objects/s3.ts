import http from 'node:http';
import https from 'node:https';
import { Client, S3Error } from 'minio';
import * as z from 'zod';
import { FileBodies } from './file-body.ts';
import {
  assertKey,
  ObjectCorrupt,
  ObjectHeld,
  ObjectMissing,
  ObjectStoreFull,
  ObjectStoreRefused,
  ObjectStoreUnavailable,
  type ListedObject,
  type ObjectReference,
  type ObjectStore,
} from './object-store.ts';

/** Without a byte in either direction; a store that stands still is as one that is away. */
const SILENCE_MS = 30_000;
const MAX_SOCKETS = 64;
const BACKSTOP_RULE = 'cctv-recordings-backstop';
const CONTENT_TYPE = 'video/mp4';
/** S3 gives no more at once. */
const PAGE_KEYS = 1_000;

export interface S3Settings {
  /** `http://host:port` or `https://…`; nothing behind it. */
  endpoint: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
  /** Of a page of a list. */
  pageKeys?: number;
}

/**
 * Opens a bucket of MinIO or any S3, path style. Makes the bucket, with object lock, if it is not there and that is
 * allowed. Throws ObjectStoreRefused (which names what to do), ObjectStoreUnavailable.
 */
export async function openS3Store(settings: S3Settings): Promise<ObjectStore> {
  const { bucket } = settings;
  const url = new URL(settings.endpoint);
  const secure = url.protocol === 'https:';
  const agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const bodies = new FileBodies();
  const client = new Client({
    endPoint: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    useSSL: secure,
    accessKey: settings.accessKey,
    secretKey: settings.secretKey,
    pathStyle: true,
    transportAgent: agent,
    transport: boundTransport(secure ? https : http, bodies),
    // What is tried again, and when, is decided in one place above (uploader.ts).
    retryOptions: { disableRetry: true },
  });
  const lockable = await openBucket(client, bucket);
  /** As it was set by this process. */
  let backstopDays: number | undefined;

  return {
    async put(key, file) {
      assertKey(key);
      const body = bodies.open(file.path, file.byteLength);
      try {
        // Not putObject: it would hash every byte again. Over http the signature covers our own hash, which the server
        // compares with what arrives; the checksum header makes it do the same over https, and keep it.
        const response = await client.makeRequestStreamAsync(
          {
            method: 'PUT',
            bucketName: bucket,
            objectName: key,
            headers: {
              'content-length': String(file.byteLength),
              'content-type': CONTENT_TYPE,
              'x-amz-checksum-sha256': Buffer.from(file.sha256, 'hex').toString('base64'),
            },
          },
          body,
          secure ? '' : file.sha256,
          [200],
          '',
        );
        response.resume();
        const versionId = response.headers['x-amz-version-id'];
        return { key, versionId: typeof versionId === 'string' ? versionId : null };
      } catch (error) {
        throw mapped(error, key);
      } finally {
        body.destroy();
      }
    },

    async read(object, { start, end }) {
      if (end <= start) throw new RangeError('an empty range');
      try {
        const stream = await client.getPartialObject(
          bucket,
          object.key,
          start,
          end - start,
          versionOf(object),
        );
        // Of an object that was cut the store gives what there is.
        const given = stream instanceof http.IncomingMessage && stream.headers['content-length'];
        if (typeof given === 'string' && Number(given) < end - start) {
          stream.destroy();
          throw new ObjectCorrupt(object.key);
        }
        return stream;
      } catch (error) {
        throw mapped(error, object.key);
      }
    },

    async stat(object) {
      try {
        const { size, versionId } = await client.statObject(bucket, object.key, versionOf(object));
        return { byteLength: size, versionId: versionId ?? null };
      } catch (error) {
        throw mapped(error, object.key);
      }
    },

    async delete(object) {
      try {
        // Without its version, a deletion only puts a marker over it.
        const version =
          lockable && object.versionId === null
            ? await client.statObject(bucket, object.key)
            : object;
        await client.removeObject(bucket, object.key, {
          ...versionOf({ key: object.key, versionId: version.versionId ?? null }),
        });
      } catch (error) {
        const reason = mapped(error, object.key);
        if (reason instanceof ObjectMissing) return;
        throw reason;
      }
    },

    async *list(prefix) {
      const found = lockable
        ? listVersions(client, { bucket, prefix, pageKeys: settings.pageKeys ?? PAGE_KEYS })
        : client.listObjects(bucket, prefix, true);
      try {
        for await (const item of found) yield* listedItem(item);
      } catch (error) {
        throw mapped(error, prefix);
      }
    },

    async hold(object, held) {
      if (!lockable) return { guarded: false };
      try {
        await untyped(
          client.setObjectLegalHold(bucket, object.key, {
            ...versionOf(object),
            status: held ? 'ON' : 'OFF',
          }),
        );
      } catch (error) {
        throw mapped(error, object.key);
      }
      return { guarded: true };
    },

    async backstop(days) {
      if (!lockable) return { set: false };
      if (days === backstopDays) return { set: true };
      const rule = {
        ID: BACKSTOP_RULE,
        Status: 'Enabled',
        Filter: { Prefix: '' },
        Expiration: { Days: days },
        // What the rule expires, and markers of deletions, leave the bucket a day later.
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      };
      try {
        await client.setBucketLifecycle(bucket, { Rule: [rule] });
      } catch (error) {
        throw mapped(error, bucket);
      }
      backstopDays = days;
      return { set: true };
    },

    close() {
      agent.destroy();
    },
  };
}

/**
 * Every version below a prefix. Page by page here: minio 8 puts the marker of the next page into the address as it is, and a
 * key with a slash in it then has another signature than the server's (SignatureDoesNotMatch from the second page on).
 */
async function* listVersions(
  client: Client,
  { bucket, prefix, pageKeys }: { bucket: string; prefix: string; pageKeys: number },
): AsyncGenerator<ListedItem> {
  const query: NonNullable<Parameters<Client['listObjectsQuery']>[3]> = {
    Delimiter: '',
    MaxKeys: pageKeys,
    IncludeVersion: true,
  };
  for (;;) {
    const page = await client.listObjectsQuery(bucket, prefix, '', query);
    yield* page.objects;
    if (page.isTruncated !== true || page.keyMarker === undefined) return;
    query.keyMarker = encodeURIComponent(page.keyMarker);
    if (page.versionIdMarker !== undefined) query.versionIdMarker = page.versionIdMarker;
  }
}

function versionOf({ versionId }: ObjectReference): { versionId?: string } {
  return versionId === null ? {} : { versionId };
}

interface ListedItem {
  name?: string;
  size?: number;
  versionId?: string;
  isDeleteMarker?: boolean;
}

function* listedItem(item: ListedItem): Generator<ListedObject> {
  if (item.name === undefined || item.isDeleteMarker === true) return;
  yield {
    key: item.name,
    versionId: item.versionId === undefined || item.versionId === 'null' ? null : item.versionId,
    byteLength: item.size ?? 0,
  };
}

/** Whether objects of the bucket can be held by the store itself. */
async function openBucket(client: Client, bucket: string): Promise<boolean> {
  let isThere: boolean;
  try {
    isThere = await client.bucketExists(bucket);
  } catch (error) {
    throw withoutRight(error, bucket, 's3:ListBucket');
  }
  if (!isThere) await makeBucket(client, bucket);
  try {
    const lock = await untyped(client.getObjectLockConfig(bucket));
    return z.looseObject({ objectLockEnabled: z.literal('Enabled') }).safeParse(lock).success;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ObjectLockConfigurationNotFoundError' || code === 'NotImplemented') return false;
    throw withoutRight(error, bucket, 's3:GetBucketObjectLockConfiguration');
  }
}

/** A refusal names the right that is asked for: the store does not. */
function withoutRight(error: unknown, bucket: string, right: string): unknown {
  if (codeOf(error) !== 'AccessDenied') return mapped(error, bucket);
  return new ObjectStoreRefused(
    `the object store refuses: the access key needs the right ${right} on the bucket ${bucket} (or there is no such key, or bucket)`,
    { cause: error },
  );
}

/**
 * A store that answers that it makes no such bucket says so again however long it is waited for: it may know no object lock, or the
 * name is another's. Only one that does not answer, or is not up yet, is away.
 */
async function makeBucket(client: Client, bucket: string): Promise<void> {
  try {
    // Object lock can only be had when a bucket is made.
    await client.makeBucket(bucket, '', { ObjectLocking: true });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'BucketAlreadyOwnedByYou') return;
    const reason = code === 'AccessDenied' ? undefined : mapped(error, bucket);
    const isKnown = reason instanceof ObjectStoreRefused || reason instanceof ObjectStoreFull;
    const isAnswer = error instanceof S3Error && code !== '' && !PASSES.has(code);
    if (isKnown || !isAnswer) throw reason;
    throw new ObjectStoreRefused(
      `the bucket ${bucket} is not there and could not be made (${code}): make it (with object lock, if the store knows that), or let this key make it`,
      { cause: error },
    );
  }
}

/** What comes back is a promise, although minio's types say that nothing does. */
async function untyped(answer: unknown): Promise<unknown> {
  return await answer;
}

/** Node's client waits for ever for a server that says nothing. Bodies are told when their pieces are sent. */
function boundTransport(transport: typeof http | typeof https, bodies: FileBodies): typeof http {
  const bound = (
    options: http.RequestOptions,
    onResponse?: (response: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const request = transport.request(options, onResponse);
    const write = request.write.bind(request);
    // A body is piped into it, which gives no callback.
    request.write = (chunk: unknown) => write(chunk, () => bodies.sent(chunk));
    request.setTimeout(SILENCE_MS, () => request.destroy(new Silence('the store says nothing')));
    return request;
  };
  return { ...http, request: bound as typeof http.request };
}

class Silence extends Error {
  readonly code = 'ETIMEDOUT';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

const MISSING = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound', 'MethodNotAllowed', 'ENOENT']);
/** What is wrong, for whoever wrote the configuration. */
const REFUSED: Readonly<Record<string, string>> = {
  AccessDenied: 'the access key may not do this',
  InvalidAccessKeyId: 'it knows no such access key',
  SignatureDoesNotMatch: 'the secret key is not that of the access key',
  NoSuchBucket: 'the bucket is not there',
  InvalidBucketName: 'the name of the bucket is not valid',
  AllAccessDisabled: 'the bucket is closed to everybody',
};
const CORRUPT = new Set([
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'BadDigest',
  'IncompleteBody',
  // A read behind the end of what is left of it.
  'InvalidRange',
  'file_too_short',
]);
/** Of AWS and MinIO: it is too busy, not up yet, or somebody makes the bucket just now. */
const PASSES = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'ServerBusy',
  'InternalError',
  'RequestTimeout',
  'OperationAborted',
  'XMinioServerNotInitialized',
  'XMinioBucketMetadataNotInitialized',
  'XMinioBackendDown',
]);
const FULL = new Set(['XMinioStorageFull', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded']);

function mapped(error: unknown, key: string): unknown {
  if (error instanceof ObjectCorrupt) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (MISSING.has(code)) return new ObjectMissing(key, { cause: error });
  if (CORRUPT.has(code)) return new ObjectCorrupt(key, { cause: error });
  if (FULL.has(code)) return new ObjectStoreFull('the object store is full', { cause: error });
  if (code === 'ObjectLocked' || /WORM|object is locked|legal hold/i.test(message)) {
    return new ObjectHeld(key, { cause: error });
  }
  const refused = Object.hasOwn(REFUSED, code) ? REFUSED[code] : undefined;
  if (refused !== undefined) {
    const words = `the object store refuses: ${refused} (${code})`;
    return new ObjectStoreRefused(words, { cause: error });
  }
  if (error instanceof RangeError || error instanceof TypeError) return error;
  // Whatever else goes wrong on the way there, or in the server, may pass.
  return new ObjectStoreUnavailable('the object store does not answer as it should', {
    cause: error,
  });
}
