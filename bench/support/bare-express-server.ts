import type { AddressInfo } from 'node:net';
import express from 'express';
import { z } from 'zod';

const Lead = z.strictObject({ name: z.string().max(200), source: z.string().max(60), tags: z.array(z.string().max(40)).max(20) });

const app = express();
app.use(express.json());
app.post('/api/v1/leads', (request, response) => {
  response.status(201).json({ id: '1', ...Lead.parse(request.body) });
});
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
