// <form data-guard>: leaving with changes that were not saved asks first (the browser's own question).
// data-guard="changed" begins so: a form that was refused still holds what was typed.
const changed = new Set(document.querySelectorAll("form[data-guard=changed]"));

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => changed.delete(event.target));

addEventListener("beforeunload", (event) => {
  if ([...changed].some((form) => form.isConnected)) event.preventDefault();
});
