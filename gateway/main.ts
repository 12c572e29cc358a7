/**
 * `npm start`: the process begins anew with the settings that it needs, then does what process.ts says. With `compile`, it
 * only compiles what that and its threads are made of, so that the first start finds it done (`npm run prepare`).
 */
import { beginWithSettings } from './process-settings.ts';

beginWithSettings();
const { run } = await import('./process.ts');
if (process.argv[2] === 'compile') {
  const { compileThreads } = await import('./compile-threads.ts');
  await compileThreads();
} else {
  run();
}
