import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Debian's own: the bindings belong to its Python, not to another one that comes first in PATH. */
export const PYTHON = '/usr/bin/python3';

const parts = {
  ffmpeg: {
    isThere: () => runs('ffmpeg', ['-version']) && runs('ffprobe', ['-version']),
    debian: 'ffmpeg',
  },
  chromium: { isThere: () => existsSync(CHROMIUM), debian: 'chromium' },
  screens: {
    isThere: () => existsSync(new URL('../../gateway/web/dist/index.html', import.meta.url)),
    debian: undefined,
  },
  // Docker or what answers to its name; the images are pulled, or loaded beforehand (.ci/run).
  containers: { isThere: () => runs('docker', ['info']), debian: 'docker.io' },
  vlc: { isThere: () => existsSync('/usr/bin/cvlc'), debian: 'vlc-bin vlc-plugin-base' },
  gstreamer: {
    isThere: () =>
      runs(PYTHON, [
        '-c',
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer; " +
          "Gst.init(None); assert all(map(Gst.ElementFactory.find, ['qtdemux', 'h264parse', 'rtph264pay', 'avenc_aac']))",
      ]),
    debian:
      'gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav glib-networking',
  },
};

/** Of these parts, what this machine lacks: the tests that want them are then skipped, and one line says so. */
export function missingParts(...wanted: readonly (keyof typeof parts)[]): string[] {
  const missing = wanted.filter((part) => !parts[part].isThere());
  for (const part of missing) {
    const { debian } = parts[part];
    const how = debian === undefined ? 'npm run build:web' : `Debian: ${debian}`;
    console.log(`skipped: ${part} is not installed (${how})`);
  }
  return missing;
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
