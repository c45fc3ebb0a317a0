// Counts the system calls between the two marks that the benchmark program leaves in a trace.
import {readFileSync} from 'node:fs';

const beginMark = '/reqivo-bench-begin';
const endMark = '/reqivo-bench-end';

const writeLike = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto',
  'sendmsg', 'sendmmsg', 'sendfile', 'splice']);
const readLike = new Set(['read', 'readv', 'pread64', 'preadv', 'preadv2', 'recvfrom', 'recvmsg',
  'recvmmsg']);
const waitLike = new Set(['epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'ppoll', 'select',
  'pselect6']);
const timerLike = /^(timerfd_|timer_|setitimer$|alarm$)/;

const sum = (counts, matches) => Object.entries(counts)
  .reduce((total, [name, count]) => total + (matches(name) ? count : 0), 0);

/** The strace arguments that write a log which `countSystemCalls` can read. */
export const traceArguments = (logFile) =>
  ['-f', '-qq', '-e', 'signal=none', '-s', '64', '-o', logFile];

/** Calls by any thread between the marks: by name, and summed by kind. */
export const countSystemCalls = (logFile) => {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.includes(beginMark));
  const end = lines.findIndex((line) => line.includes(endMark));
  if (begin < 0 || end < begin) throw new Error(`${logFile}: the marks are missing`);
  const byName = {};
  for (const line of lines.slice(begin + 1, end)) {
    // "123 recvfrom(4, ..."; a call continued as "<... recvfrom resumed>" has been counted before.
    const call = /^\d+\s+(\w+)\(/.exec(line);
    if (call !== null) byName[call[1]] = (byName[call[1]] ?? 0) + 1;
  }
  return {
    total: sum(byName, () => true),
    writes: sum(byName, (name) => writeLike.has(name)),
    reads: sum(byName, (name) => readLike.has(name)),
    waits: sum(byName, (name) => waitLike.has(name)),
    timers: sum(byName, (name) => timerLike.test(name)),
    byName,
  };
};
