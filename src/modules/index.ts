import type { Module } from '../kernel/module.ts';

/** The contexts of the house. */
export const modules: readonly Module[] = [];
