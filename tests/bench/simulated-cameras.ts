/** A process of simulated cameras that all show the clip of the benchmarks. Prints the port when it listens. */
import { startSimulator } from '../simulator/rtsp-server.ts';
import { benchClip, CLIP_FRAMES_PER_SECOND } from './clip.ts';

const simulator = await startSimulator({
  clips: { main: { path: benchClip(), framesPerSecond: CLIP_FRAMES_PER_SECOND } },
});
console.log(simulator.port);
