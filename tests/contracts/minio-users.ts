import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Client } from 'minio';
import { MINIO_KEYS } from './minio-server.ts';

/** Of sealed bodies of MinIO's admin API (madmin-go, encrypt.go): PBKDF2 and AES-256-GCM, in one fragment. */
const PBKDF2_AES_GCM = 2;
const ITERATIONS = 8_192;
const LAST_FRAGMENT = 0x80;
const REGION = 'us-east-1';

/** Makes a user of a MinIO, who may do what `actions` say with every bucket and object. Returns its keys. */
export async function addMinioUser(
  endpoint: string,
  name: string,
  actions: readonly string[],
): Promise<typeof MINIO_KEYS> {
  const { hostname, port } = new URL(endpoint);
  const root = new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...MINIO_KEYS });
  const put = async (call: string, query: string, body: Buffer): Promise<void> => {
    // Its paths look like those of objects: /minio/admin/v3/….
    const of = { method: 'PUT', bucketName: 'minio', objectName: `admin/v3/${call}`, query };
    const response = await root.makeRequestAsync(of, body, [200], REGION);
    response.resume();
  };
  const secretKey = `${name}-secret`;
  await put('add-user', `accessKey=${name}`, sealed({ secretKey, status: 'enabled' }));
  const Statement = [{ Effect: 'Allow', Action: actions, Resource: ['arn:aws:s3:::*'] }];
  const policy = Buffer.from(JSON.stringify({ Version: '2012-10-17', Statement }));
  await put('add-canned-policy', `name=${name}`, policy);
  const query = `isGroup=false&policyName=${name}&userOrGroup=${name}`;
  await put('set-user-or-group-policy', query, Buffer.alloc(0));
  return { accessKey: name, secretKey };
}

/** salt ‖ algorithm ‖ nonce ‖ sealed; additional data of the fragment: that it is the last, and the tag of an empty one before it. */
function sealed(body: unknown): Buffer {
  const salt = randomBytes(32);
  const nonce = randomBytes(8);
  const key = pbkdf2Sync(MINIO_KEYS.secretKey, salt, ITERATIONS, 32, 'sha256');
  const seal = (number: number, text: Buffer, more: Buffer): Buffer => {
    const numbered = Buffer.concat([nonce, Buffer.alloc(4)]);
    numbered.writeUInt32LE(number, 8);
    const cipher = createCipheriv('aes-256-gcm', key, numbered).setAAD(more);
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  };
  const more = Buffer.concat([
    Buffer.from([LAST_FRAGMENT]),
    seal(0, Buffer.alloc(0), Buffer.alloc(0)),
  ]);
  const text = Buffer.from(JSON.stringify(body));
  return Buffer.concat([salt, Buffer.from([PBKDF2_AES_GCM]), nonce, seal(1, text, more)]);
}
