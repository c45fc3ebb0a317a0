// The nine patterns: what their cards say. `rows` is how many requests a whole run makes. `choice`
// lists the values that a pattern takes beside the server.

export const patterns = [
  {
    name: 'basic_request',
    title: 'Basic request',
    sentence: 'GET a page with a query parameter, and read status, headers and JSON.',
    rows: 1,
  },
  {
    name: 'concurrent_gather',
    title: 'Concurrent gather',
    sentence: 'Three requests at once: answered in the order asked, in the time of the slowest.',
    rows: 3,
  },
  {
    name: 'return_exceptions',
    title: 'Return exceptions',
    sentence: 'One answer, one 404, one timeout: every outcome, instead of the first failure.',
    rows: 3,
  },
  {
    name: 'post_json',
    title: 'POST of JSON',
    sentence: 'A struct of your own goes out as JSON, and comes back as one.',
    rows: 1,
  },
  {
    name: 'background_task',
    title: 'Background task',
    sentence: 'A slow request goes on while the coroutine does other work.',
    rows: 1,
  },
  {
    name: 'api_client',
    title: 'API client',
    sentence: 'A class of your own that owns its session, its token and its default headers.',
    rows: 2,
  },
  {
    name: 'semaphore',
    title: 'Semaphore',
    sentence: 'Twenty requests, and never more than five of them at once.',
    rows: 20,
  },
  {
    name: 'streaming',
    title: 'Streaming',
    sentence: 'A body handed out in chunks of 256 bytes as it arrives; memory stays as it is.',
    rows: 1,
    choice: {
      label: 'Body',
      values: [
        { name: '2.6 kB, drop by drop', value: '/drip?numbytes=2560&duration=2' },
        { name: '512 MB, at full speed', value: '/big/512000000' },
      ],
    },
  },
  {
    name: 'timeouts',
    title: 'Timeouts',
    sentence: 'A limit on the request itself, and wait_for around anything that can be awaited.',
    rows: 4,
  },
];
