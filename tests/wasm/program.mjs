// Runs one Catch2 program of Emscripten's in this realm (a page, a worker or Node) and reports what
// happens as messages:
//   {kind: 'output' | 'error_output', text}   a line that the program printed
//   {kind: 'progress', xml}                   the next piece of Catch2's XML report
//   {kind: 'problem', text}                   something that fails the run, which goes on
//   {kind: 'fatal', text}                     something after which the program cannot go on
//   {kind: 'ready'}                           the page is up, before the program is
//   {kind: 'exit', code, junit}               the end; junit is the report's text, or null

const junitFile = '/report.xml';
const progressDevice = 'reqivo-progress';
// What the program leaves behind (a late rejection) has this long to show before the end is told.
const settlingTime = 50;

export function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const head = `${error.name}: ${error.message}`;
  if (!error.stack) return head;
  return error.stack.includes(error.message) ? error.stack : `${head}\n${error.stack}`;
}

// How Emscripten unwinds the stack when a program exits: no error of anybody's.
const isExit = (error) => error?.name === 'ExitStatus' || error === 'unwind';

// For the realm's own handlers of what nobody caught.
export function reportUncaught(report, what, error) {
  if (isExit(error)) return;
  // After a trap the program's memory is not to be trusted, and usually nobody will resume it.
  const kind = error instanceof WebAssembly.RuntimeError ? 'fatal' : 'problem';
  report({ kind, text: `${what}: ${describe(error)}` });
}

// console.error is how code complains; what the browser itself prints does not pass through here.
function watchConsole(report) {
  globalThis.console.error = (...parts) => {
    report({ kind: 'problem', text: `console.error: ${parts.map(describe).join(' ')}` });
  };
}

// Receives the XML report byte by byte. Sends it on where a test begins or ends, not at the end of
// the program: a program that hangs would not have told which test it was in.
function progressSink(report) {
  const tags = ['<TestCase ', '</TestCase', '</Catch2TestRun', '<Catch2TestRun'];
  let bytes = [];
  return (byte) => {
    bytes.push(byte);
    if (byte !== 0x3e) return;
    const xml = new TextDecoder().decode(new Uint8Array(bytes));
    const tag = xml.slice(xml.lastIndexOf('<'));
    if (!tags.some((start) => tag.startsWith(start))) return;
    bytes = [];
    report({ kind: 'progress', xml });
  };
}

function readJunit(module) {
  try {
    return module.FS.readFile(junitFile, { encoding: 'utf8' });
  } catch {
    return null;
  }
}

// Resolves when the module is loaded, which is usually before the program has ended.
export async function runProgram({ program, programName, programArguments, environment }, report) {
  watchConsole(report);
  const reporters = ['--reporter', 'console', '--reporter', `junit::out=${junitFile}`,
    '--reporter', `xml::out=/dev/${progressDevice}`];
  let loaded;
  const options = {
    arguments: [...programArguments, ...reporters],
    thisProgram: programName,
    print: (text) => report({ kind: 'output', text }),
    printErr: (text) => report({ kind: 'error_output', text }),
    preRun: [(module) => {
      loaded = module;
      Object.assign(module.ENV, environment);
      module.FS.createDevice('/dev', progressDevice, null, progressSink(report));
    }],
    onAbort: (reason) => report({ kind: 'fatal', text: `aborted ${describe(reason)}`.trim() }),
    onExit: (code) => {
      const junit = readJunit(loaded);
      setTimeout(() => report({ kind: 'exit', code, junit }), settlingTime);
    },
  };
  try {
    const { default: createModule } = await import(program);
    await createModule(options);
  } catch (error) {
    if (!isExit(error)) report({ kind: 'fatal', text: `the program broke: ${describe(error)}` });
  }
}

// For a page or a browser's worker, whose uncaught errors are events.
export function watchBrowserRealm(report) {
  globalThis.addEventListener('error', (event) => {
    event.preventDefault();
    reportUncaught(report, 'uncaught error', event.error ?? event.message);
  });
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    reportUncaught(report, 'unhandled rejection', event.reason);
  });
}
