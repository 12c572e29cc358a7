/** Says with what settings it runs: for process-settings.test.ts. */
import { beginWithSettings } from '#gateway/process-settings.ts';

beginWithSettings();
const { pid, execArgv, argv, env } = process;
console.log(JSON.stringify({ pid, execArgv, arguments: argv.slice(2), env }));
