/** Where a camera's stream is pulled from; what the registry knows of it and ingest needs. */
export interface StreamSource {
  cameraId: string;
  /** rtsp://, without credentials. */
  url: string;
  username: string | null;
  password: string | null;
  transport: 'auto' | 'tcp' | 'udp';
  /** Cameras of one site share its line. */
  site: string | null;
}
