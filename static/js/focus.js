// [data-focus]: the error summary takes the focus, on load and after a swap. Its links focus the field, not only scroll.
function take(root) {
  root.querySelector("[data-focus]")?.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a[href^='#']");
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault();
  const field = target.matches("fieldset") ? target.querySelector("input") : target;
  field.focus();
  field.scrollIntoView({ block: "center" });
});

take(document);
document.addEventListener("htmx:after:swap", () => take(document));
