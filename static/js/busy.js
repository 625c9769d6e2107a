// A form that was sent is not sent twice; its button shows that it works. data-again on the form lets it be (exports).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || "again" in form.dataset) return;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method === "post") form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});

function rest() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
}

addEventListener("pageshow", (event) => event.persisted && rest());
