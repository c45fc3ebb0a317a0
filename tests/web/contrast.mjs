// Runs in the page, so it must not use anything outside of itself. Gives a description of each
// piece of text whose contrast is below 4.5 (WCAG 2.2, success criterion 1.4.3), and of each
// control whose border has less than 3 to what is around it (1.4.11). That asks nothing of controls
// which are disabled.
export function findLowContrast() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  // What is seen of these colours, one painted over the other.
  const paint = (...colors) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255).map(
      (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (paint(backgroundColor)[3] === 255) return backgroundColor;
    }
    return 'white';
  };
  const contrastOf = (element, property, background) => {
    const one = luminance(paint(background, getComputedStyle(element)[property]));
    const other = luminance(paint(background));
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  const isShown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!isShown(element) || !walker.currentNode.data.trim() || element.closest('option')) continue;
    const contrast = contrastOf(element, 'color', backgroundOf(element));
    if (contrast < 4.5) {
      const text = walker.currentNode.data.trim().slice(0, 20);
      found.add(`${element.tagName}.${element.className} '${text}': ${contrast.toFixed(2)}`);
    }
  }
  for (const control of document.querySelectorAll('button, select, input, textarea, .button')) {
    if (!isShown(control) || control.matches(':disabled, [aria-disabled="true"]')) continue;
    const contrast = contrastOf(control, 'borderTopColor', backgroundOf(control.parentElement));
    const name = control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.textContent;
    if (contrast < 3) found.add(`border of ${control.tagName} '${name}': ${contrast.toFixed(2)}`);
  }
  return [...found];
}
