import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { CameraNetworks } from '#registry/camera-networks.ts';
import type { Notice } from './notice.ts';
import { guardedLookup, webhookUrlOf } from './webhook-address.ts';

/** Signs `<seconds>.<body>` with the secret that was shown once: HMAC-SHA-256, hex. */
export const SIGNATURE_HEADER = 'cctv-signature';
const ANSWER_WITHIN_MS = 10_000;

/** It did not take the notice. */
export class WebhookRefused extends Error {
  readonly code = 'webhook_refused';
}

/**
 * POSTs one notice: `{"notice": Notice}`, with `CCTV-Signature: t=<Unix seconds>,v1=<HMAC>`. Whoever receives it computes
 * the same over the body as it came, and refuses an old `t`. Any 2xx is a receipt; redirections are not followed.
 * Throws WebhookRefused, WebhookAddressNotAllowed, what the connection throws.
 */
export async function callWebhook(
  { url, secret, networks }: { url: string; secret: string; networks: CameraNetworks },
  notice: Notice,
  nowMs: number,
): Promise<void> {
  // Once more: the operator may have closed a network since.
  const address = new URL(webhookUrlOf(url, networks));
  const body = JSON.stringify({ notice });
  const post = address.protocol === 'https:' ? httpsRequest : httpRequest;
  await new Promise<void>((resolve, reject) => {
    const asked = post(
      address,
      {
        method: 'POST',
        agent: false,
        lookup: guardedLookup(networks),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'cctv-linkage-gateway',
          [SIGNATURE_HEADER]: signature(secret, body, Math.floor(nowMs / 1000)),
        },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      },
      (answer) => {
        const status = answer.statusCode ?? 0;
        // What it says beside its status is not read.
        answer.destroy();
        if (status >= 200 && status < 300) resolve();
        else reject(new WebhookRefused(`the webhook answered ${status}`));
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

export function signature(secret: string, body: string, atSeconds: number): string {
  const mac = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${mac}`;
}
