/** Why a camera gives no pictures, as far as the gateway can tell. The screens have words for each. */
export type DownReason =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'unauthorised'
  | 'not-found'
  | 'no-video'
  | 'no-whole-picture'
  | 'transport-refused'
  | 'tls'
  | 'codec-not-supported'
  | 'silent'
  | 'protocol-error'
  | 'closed-by-camera'
  | 'address-not-allowed'
  | 'site-budget'
  | 'worker-restarted'
  | 'memory-full';

/** `detail` is technical and in English: for a log or a maintainer, never with a credential. */
export interface StreamFailure {
  reason: DownReason;
  detail: string;
}

/** How far a session came: asked what there is, set up its tracks, was promised packets, had them. */
export type Progress = 'asking' | 'setting-up' | 'playing' | 'receiving';
