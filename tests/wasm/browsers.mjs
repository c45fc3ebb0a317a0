// Starts Debian's Chromium and Firefox without a window, for tests.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findPackage } from './packages.mjs';

const commands = { chromium: ['chromium'], firefox: ['firefox-esr', 'firefox'] };
const chromiumArguments = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const startLimit = 60_000;
const closeLimit = 5_000;

function findCommand(name) {
  for (const command of commands[name]) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      if (folder && existsSync(join(folder, command))) return join(folder, command);
    }
  }
  throw new Error(`there is no ${commands[name].join(' or ')} here: run toolchains/setup browsers`);
}

function loadPuppeteer() {
  return createRequire(import.meta.url)(findPackage('puppeteer-core'));
}

// Ends the browser's processes and removes its folder once this process is gone, however it went:
// the guard reads from a pipe that the system closes with us.
function startGuard(processGroup, folder) {
  const script = 'read -r _; kill -s KILL -- "-$1" 2>/dev/null; sleep 0.2; rm -rf -- "$2"';
  const guard = spawn('sh', ['-c', script, 'guard', String(processGroup), folder],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  guard.stdin.unref();
  return guard;
}

function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function closeBrowser(browser, guard, folder) {
  const processGroup = browser.process().pid;
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, closeLimit); });
  await Promise.race([browser.close().catch(() => {}), late]);
  clearTimeout(timer);
  try {
    process.kill(-processGroup, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
  guard.kill('SIGKILL');
  removeFolder(folder);
}

// The options of puppeteer's `launch`. The browser writes into `folder` only, its home included.
function launchOptions(name, folder, acceptInsecureCerts, networkEvents) {
  const [userDataDir, home, temporary] = ['profile', 'home', 'temporary'].map((part) => {
    const path = join(folder, part);
    mkdirSync(path);
    return path;
  });
  const own = name === 'chromium' ? { browser: 'chrome', pipe: true, args: chromiumArguments }
    : { browser: 'firefox' };
  return {
    ...own, userDataDir, executablePath: findCommand(name), headless: true, timeout: startLimit,
    acceptInsecureCerts, networkEnabled: networkEvents, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
    env: { ...process.env, HOME: home, TMPDIR: temporary, XDG_CACHE_HOME: join(home, '.cache'),
      XDG_CONFIG_HOME: join(home, '.config'), MOZ_CRASHREPORTER_DISABLE: '1' },
  };
}

// Resolves to {browser, close} for 'chromium' or 'firefox': puppeteer's browser with a fresh
// profile, and what ends it, with all of its processes, 5 s later at the latest. With
// `acceptInsecureCerts` it takes the test server's certificate, and any other. Without
// `networkEvents` it reports no requests. Should this process be killed first, they end all the
// same.
export async function launch(name, { acceptInsecureCerts = false, networkEvents = true } = {}) {
  if (!Object.hasOwn(commands, name)) throw new Error(`no such browser: ${name}`);
  const puppeteer = loadPuppeteer();
  const folder = mkdtempSync(join(tmpdir(), 'reqivo-browser-'));
  let browser;
  try {
    browser = await puppeteer.launch(
      launchOptions(name, folder, acceptInsecureCerts, networkEvents));
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
  const guard = startGuard(browser.process().pid, folder);
  let closing;
  return {
    browser,
    close: () => {
      closing ??= closeBrowser(browser, guard, folder);
      return closing;
    },
  };
}
