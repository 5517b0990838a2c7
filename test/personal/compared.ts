/** Compares the views of a house with a fresh fold of its log, in a process like the worker's, and prints what came of it. */
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { openPool } from '../../src/runtime/database.ts';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import { PersonalData } from '../../src/runtime/personal/personal-data.ts';
import { compareViews } from '../../src/runtime/projector/compare.ts';

const [databaseUrl = '', eventstoreUrl = '', keysDir = ''] = process.argv.slice(2);
const house = registry(modules);
const pool = openPool(databaseUrl, { max: 4 });
const personal = await PersonalData.open({ pool, registry: house, keysDir });
const log = personal.sealed(connectEventLog({ url: eventstoreUrl }));
process.stdout.write(JSON.stringify(await compareViews({ pool, log, registry: house })));
await log.close();
await personal.close();
await pool.end();
