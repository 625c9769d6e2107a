// True while keys belong to the browser or to a field.
export function typing(event) {
  const field = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  return Boolean(field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]"));
}
