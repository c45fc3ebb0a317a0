// Runs in the page, so it must not use anything outside of itself. Gives a description of each
// piece of text whose contrast is below 4.5 (WCAG 2.2, success criterion 1.4.3).
export function findLowContrast() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => part / 255).map(
      (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const shown = element.checkVisibility() && element.getClientRects().length > 0;
    if (!shown || !walker.currentNode.data.trim() || element.closest('option')) continue;
    const one = luminance(parse(getComputedStyle(element).color));
    const other = luminance(backgroundOf(element));
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) {
      const text = walker.currentNode.data.trim().slice(0, 20);
      found.add(`${element.tagName}.${element.className} '${text}': ${contrast.toFixed(2)}`);
    }
  }
  return [...found];
}
