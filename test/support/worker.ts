/** Runs the worker role as a process of its own, as the product does: a client of the event log wants a process to itself. */
import { playRole } from '../../src/runtime/supervisor/role.ts';
import { runWorker } from '../../src/runtime/worker-role.ts';

await playRole('worker', () => runWorker(JSON.parse(process.argv[2] ?? '{}')));
