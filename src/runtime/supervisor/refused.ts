/** Throughline does not start, for a reason its operator can do something about. The message is one sentence for them. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** Somebody asked to stop while something was still starting. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('stopped while starting');
  }
}

export const fullDisk = (path: string): StartRefused =>
  new StartRefused(`The disk that holds ${path} is full; make room, then start again.`);

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/** What the operating system said about a file or folder, as a refusal for the operator; any other error as it is. */
export function asRefusal(error: unknown, path: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return fullDisk(path);
    case 'EACCES':
    case 'EPERM':
      return new StartRefused(`This user may not write to ${path}; give it the right, or set THROUGHLINE_DATA to another folder.`);
    case 'EROFS':
      return new StartRefused(`${path} lies on a read-only disk; set THROUGHLINE_DATA to another folder.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartRefused(`${path} cannot be a folder, because a file is in the way; set THROUGHLINE_DATA to another folder.`);
    default:
      return error;
  }
}

/** Why nothing can listen on a port, as a sentence; `code` is the operating system's. */
export function portRefusal(port: number, code: string): StartRefused {
  if (code === 'EADDRINUSE') return new StartRefused(`Port ${port} is taken; stop what listens there, or set PORT to another number.`);
  if (code === 'EACCES') return new StartRefused(`This user may not listen on port ${port}; set PORT to a number above 1023.`);
  return new StartRefused(`Nothing can listen on port ${port} (${code}); set PORT to another number.`);
}

/** A server's failure to listen as a refusal for the operator; any other error as it is. */
export function asListenRefusal(error: unknown): unknown {
  const { syscall, port } = error as { syscall?: string; port?: number };
  return syscall === 'listen' && port !== undefined ? portRefusal(port, codeOf(error) ?? 'unknown') : error;
}
