// Sizes and times as people read them: no line breaks between a number and its unit.

export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes}\u00a0B`;
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}\u00a0${units[unit]}`;
}

export function formatTime(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}\u00a0ms`;
  return `${(milliseconds / 1000).toFixed(2)}\u00a0s`;
}
