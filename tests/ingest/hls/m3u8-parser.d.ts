/** The parser brings no types. What the tests read of it. */
declare module 'm3u8-parser' {
  export interface Manifest {
    targetDuration: number;
    mediaSequence: number;
    discontinuitySequence: number;
    partTargetDuration?: number;
    independentSegments?: boolean;
    serverControl?: Record<string, number | boolean>;
    skip?: { skippedSegments: number };
    preloadHints?: { type: string; uri: string }[];
    segments: {
      uri?: string;
      duration?: number;
      discontinuity?: boolean;
      dateTimeObject?: Date;
      map?: { uri: string };
      parts?: { duration: number; uri: string; independent?: boolean }[];
    }[];
    playlists?: { uri: string; attributes: Record<string, unknown> }[];
  }
  export class Parser {
    manifest: Manifest;
    push(text: string): void;
    end(): void;
    on(event: 'warn' | 'info', listener: (event: { message: string }) => void): void;
  }
}
