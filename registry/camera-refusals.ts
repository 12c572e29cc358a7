import type { Camera } from './camera.ts';

/** Why something is not done to a camera. Rules that a change itself breaks are in camera-changes.ts. */

export class CameraNotFound extends Error {
  readonly code = 'camera_not_found';
  readonly cameraId: string;
  constructor(cameraId: string) {
    super(`no camera ${cameraId}`);
    this.cameraId = cameraId;
  }
}

/** Somebody changed the camera since it was read. */
export class CameraStale extends Error {
  readonly code = 'camera_changed_meanwhile';
  readonly details: {
    /** As it is stored. */
    current: Camera;
    /** As it would be with the change, had nobody else changed it; null where nothing of it can be said. */
    yours: Camera | null;
    /** What others changed since. */
    changedSince: string[];
  };
  constructor(details: CameraStale['details']) {
    super(`the camera was changed meanwhile: it is at version ${details.current.version} now`);
    this.details = details;
  }
}

/** Another camera has the same position and the same stream. Several on one pole are normal; twice the same is not. */
export class CameraTwice extends Error {
  readonly code = 'camera_twice';
  /** `elsewhere`: there are more, of which whoever asks may not be told. */
  readonly details: {
    cameras: { id: string; position: string; lao: Camera['lao'] }[];
    elsewhere: boolean;
  };
  constructor(details: CameraTwice['details']) {
    super(
      'a camera with this position and this stream is registered already: confirm to have both',
    );
    this.details = details;
  }
}
