import { describe, expect, it } from 'vitest';
import { afterRollBack, afterTelling, type ProbationJournal } from '../../../src/core/install/journal.ts';
import { judgeStart, presumesNoInstall, type StartFacts } from '../../../src/core/install/judge-start.ts';

const OLD = { version: '1.0.0', id: 'a1'.repeat(32) };
const NEW = { version: '1.1.0', id: 'b2'.repeat(32) };
const MID = { version: '1.0.5', id: 'c3'.repeat(32) };
const OTHER = 'd4'.repeat(32);
const JOURNAL: ProbationJournal = {
  format: 1,
  phase: 'probation',
  to: NEW,
  from: OLD,
  over: null,
  previous: '1.0.0~a1a1a1a1a1a1a1a1',
  installedAt: 1,
  starts: 0,
};
const ROLLED_BACK = afterRollBack(JOURNAL, { reason: 'it hung', nowMs: 2 });
const judge = (facts: Partial<StartFacts>, quarantined: readonly string[] = []) =>
  judgeStart({
    journal: JOURNAL,
    runningId: NEW.id,
    programId: NEW.id,
    maxStarts: 3,
    isQuarantined: (id) => quarantined.includes(id),
    ...facts,
  });

describe('judging a start', () => {
  it('has nothing to do without a journal', () => {
    expect(judge({ journal: undefined })).toEqual({ kind: 'nothing' });
  });

  it('counts the start of the new program', () => {
    expect(judge({})).toEqual({ kind: 'probation', journal: JOURNAL });
    expect(judge({ programId: undefined }).kind).toBe('probation');
  });

  it.each([
    [2, 0, 'probation'],
    [3, 0, 'roll-back'],
    [3, 1, 'probation'],
    [20, 18, 'probation'],
    [20, 17, 'roll-back'],
  ])('of %d starts so far, %d of them alive: %s', (starts, aliveStarts, kind) => {
    expect(judge({ journal: { ...JOURNAL, starts }, aliveStarts }).kind).toBe(kind);
  });

  it.each([NEW.id, OLD.id])(
    'puts the previous program back when the one in place is in quarantine, whoever runs',
    (runningId) => {
      expect(judge({ runningId }, [NEW.id])).toMatchObject({ kind: 'roll-back', journal: JOURNAL });
    },
  );

  it('gives way when it was taken back while it started, whether that was told or not', () => {
    for (const journal of [ROLLED_BACK, afterTelling(ROLLED_BACK)]) {
      expect(judge({ journal, programId: OLD.id })).toEqual({ kind: 'give-way', journal });
    }
    // Installed again by hand.
    expect(judge({ journal: ROLLED_BACK })).toEqual({ kind: 'clear' });
  });

  it('leaves alone what is installed and not yet started', () => {
    expect(judge({ runningId: OLD.id })).toEqual({ kind: 'nothing' });
  });

  it('clears an install that was cut short before the program was replaced', () => {
    expect(judge({ runningId: OLD.id, programId: OLD.id })).toEqual({ kind: 'clear' });
  });

  it('ends a roll back that was cut short behind the rename', () => {
    expect(judge({ runningId: OLD.id, programId: OLD.id }, [NEW.id])).toEqual({
      kind: 'finish-roll-back',
      journal: JOURNAL,
    });
  });

  it.each([OLD.id, OTHER, NEW.id])('clears when somebody put another program there', (runningId) => {
    expect(judge({ runningId, programId: OTHER })).toEqual({ kind: 'clear' });
  });

  describe('an install over an unproven program', () => {
    const journal = { ...JOURNAL, over: MID, starts: 0 };

    it('cut short before the program was replaced: that one is on probation as before', () => {
      const again = { ...journal, to: MID, over: null };
      expect(judge({ journal, runningId: MID.id, programId: MID.id })).toEqual({ kind: 'probation', journal: again });
      expect(judge({ journal, runningId: MID.id, programId: MID.id }, [MID.id])).toMatchObject({
        kind: 'roll-back',
        journal: again,
      });
      expect(judge({ journal, runningId: OLD.id, programId: MID.id })).toEqual({ kind: 'nothing' });
    });

    it('judged as cut short presumes that no install is on its way; what the journal itself says does not', () => {
      const presumes = (facts: Partial<StartFacts>, quarantined: readonly string[] = []): boolean => {
        return presumesNoInstall(judge({ journal, ...facts }, quarantined), facts.journal ?? journal);
      };
      const mid = { runningId: MID.id, programId: MID.id };
      expect(presumes(mid)).toBe(true);
      expect(presumes(mid, [MID.id])).toBe(true);
      expect(presumes({ runningId: OLD.id, programId: OLD.id })).toBe(true);
      expect(presumes({ ...mid, journal: ROLLED_BACK })).toBe(true);
      expect(presumes({ ...mid, runningId: OLD.id })).toBe(false);
      expect(presumes({})).toBe(false);
      expect(presumes({}, [NEW.id])).toBe(false);
      expect(presumes({ runningId: OLD.id, programId: OLD.id }, [NEW.id])).toBe(false);
      expect(presumes({ journal: ROLLED_BACK, runningId: OLD.id, programId: OLD.id })).toBe(false);
    });

    it('done: the new one is on probation', () => {
      expect(judge({ journal }).kind).toBe('probation');
    });
  });

  describe('after a roll back', () => {
    it('is told once', () => {
      const facts = { runningId: OLD.id, programId: OLD.id };
      expect(judge({ journal: ROLLED_BACK, ...facts })).toEqual({ kind: 'tell', journal: ROLLED_BACK });
      expect(judge({ journal: afterTelling(ROLLED_BACK), ...facts })).toEqual({ kind: 'nothing' });
    });

    it('is told also by a copy that runs another version', () => {
      expect(judge({ journal: ROLLED_BACK, runningId: OTHER, programId: OLD.id }).kind).toBe('tell');
    });

    it('is forgotten when somebody puts another program there', () => {
      expect(judge({ journal: ROLLED_BACK, runningId: NEW.id, programId: NEW.id })).toEqual({ kind: 'clear' });
    });
  });
});
