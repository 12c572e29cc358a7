/** What the test uses of it; the package has no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export class Provider {
    constructor(
      issuer: string,
      configuration: {
        clients: Record<string, unknown>[];
        claims: Record<string, string[]>;
        findAccount: (
          context: unknown,
          id: string,
        ) => { accountId: string; claims: () => Promise<Record<string, unknown>> };
        features: Record<string, { enabled: boolean }>;
        ttl: Record<string, number>;
      },
    );
    callback(): RequestListener;
  }
}
