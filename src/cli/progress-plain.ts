import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Progress, StepProgress } from './progress.ts';
import { duration } from './terminal.ts';

/**
 * One line for a record that changed something, as logs and pipes get it; null for the rest. Pure.
 *
 * `progress` is the one after the record.
 */
export function plainLine(record: Recorded<ChuteEvent>, progress: Progress): string | null {
  const said = saying(record, progress);
  if (said === null) return null;
  return `${record.at.slice(11, 23)} ${progress.update} ${record.type.padEnd(22)} ${said}`.trimEnd();
}

function saying(record: Recorded<ChuteEvent>, progress: Progress): string | null {
  if ('n' in record) {
    const step = progress.steps.find(({ n }) => n === record.n);
    return step ? stepSaying(record, step) : null;
  }
  switch (record.type) {
    case 'update.requested':
      return progress.chutes.map(({ chute, operation }) => `${operation} ${chute}`).join(', ');
    case 'update.rejected':
      return `${record.code}: ${record.message}`;
    case 'update.queued':
      return `behind ${record.behind.join(', ')}`;
    case 'update.planned':
      return `${record.steps.length} steps`;
    case 'update.aborting':
      return `${record.cause}${record.error ? `: ${record.error.message}` : ''}`;
    case 'update.committed':
      return record.unchanged ? 'nothing had to change' : `after ${duration(progress.elapsedMs)}`;
    case 'update.reverted':
      return record.verified ? 'device as before (state hash equal)' : 'state hash differs';
    case 'update.stuck':
      return record.steps.map(({ n, reason }) => `s${n}: ${reason.message}`).join('; ');
    case 'update.superseded':
      return `by ${record.by}`;
    case 'update.cancelled':
      return `by ${record.by.user}`;
    case 'update.resolved':
      return record.accepted.length > 0 ? `accepted ${record.accepted.join(', ')}` : '';
    case 'version.quarantined':
      return `${record.reason}; next try at ${record.retryAt}`;
    default:
      return null;
  }
}

type StepRecord = Extract<Recorded<ChuteEvent>, { readonly n: number }>;

function stepSaying(record: StepRecord, { n, title }: StepProgress): string | null {
  const step = `s${n} ${title}`;
  switch (record.type) {
    case 'step.succeeded':
      return `${step} ${record.recovered ? 'found done' : duration(record.durationMs)}`;
    case 'gate.passed':
    case 'compensation.succeeded':
      return `${step} ${duration(record.durationMs)}`;
    case 'step.failed':
    case 'gate.failed': {
      const again = record.retryInMs === null ? '' : `, again in ${duration(record.retryInMs)}`;
      return `${step} ${duration(record.durationMs)} ${record.error.code}: ${record.error.message}${again}`;
    }
    case 'step.timedOut':
      return `${step} no answer within ${duration(record.afterMs)}`;
    case 'step.skipped':
    case 'compensation.skipped':
      return `${step} (${record.reason})`;
    case 'step.probed':
      return `${step} ${record.state}`;
    case 'compensation.failed':
      return `${step} ${record.error.code}: ${record.error.message}`;
    case 'compensation.resolved':
      return `${step} as ${record.as}: ${record.message}`;
    case 'step.intended':
    case 'step.noted':
    case 'gate.started':
    case 'compensation.intended':
      return null;
  }
}
