// [data-copy="text"] copies; the answer stands on the button for a moment and is said aloud.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.parentElement.querySelector("[data-copy-source]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    if (source) getSelection().selectAllChildren(source);
    if (!document.execCommand("copy")) return;
  }
  button.dataset.done = button.dataset.copied || "✓";
  document.dispatchEvent(new CustomEvent("outpost:say", { detail: button.dataset.done }));
  setTimeout(() => delete button.dataset.done, 1600);
});
