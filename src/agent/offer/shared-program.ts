/**
 * One open program file, lent to any number of uploads, closed when it is retired and the last of them has given it back.
 *
 * @module
 */
import type { OpenProgram } from '../../ports/program.ts';

export interface SharedProgram {
  /** The file; its `close` gives it back. */
  lend(): OpenProgram;
  /** Lends it no more: closes it now or when the last borrower is done. */
  retire(): Promise<void>;
}

export function shareProgram(program: OpenProgram): SharedProgram {
  let borrowers = 0;
  let retired = false;
  const closeWhenUnused = async (): Promise<void> => {
    if (retired && borrowers === 0) await program.close();
  };
  return {
    lend: () => {
      borrowers++;
      let given = true;
      return {
        path: program.path,
        sizeBytes: program.sizeBytes,
        identity: program.identity,
        read: (from) => program.read(from),
        readAt: (offset, length, memory) => program.readAt(offset, length, memory),
        close: async () => {
          if (!given) return;
          given = false;
          borrowers--;
          await closeWhenUnused();
        },
      };
    },
    retire: async () => {
      if (retired) return;
      retired = true;
      await closeWhenUnused();
    },
  };
}
