import type { TestProject } from 'vitest/node';

export default async function setup(project: TestProject): Promise<void> {
  project.provide('postgresUrl', process.env['THROUGHLINE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:54329/postgres');
}
