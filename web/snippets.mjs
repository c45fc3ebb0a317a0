// The snippets that are written in the page: their colours, and a button that copies each.

import { highlightCmake, highlightCpp, highlightShell } from './highlight.mjs';

const highlighters = { cmake: highlightCmake, cpp: highlightCpp, shell: highlightShell };

function addCopyButton(box) {
  const button = Object.assign(document.createElement('button'),
    { type: 'button', textContent: 'Copy', ariaLabel: `Copy ${box.ariaLabel}` });
  const status = document.createElement('p');
  status.setAttribute('role', 'status');
  button.addEventListener('click', async () => {
    status.textContent = '';
    status.textContent = await navigator.clipboard.writeText(`${box.textContent}\n`)
      .then(() => 'Copied', () => 'The browser does not let the page copy.');
  });
  const line = Object.assign(document.createElement('div'), { className: 'copy' });
  line.append(status, button);
  box.before(line);
}

export function dressSnippets() {
  for (const box of document.querySelectorAll('pre[data-language]')) {
    box.replaceChildren(highlighters[box.dataset.language](box.textContent));
    if (navigator.clipboard) addCopyButton(box); // there is none without a secure context
  }
}
