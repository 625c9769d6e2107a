// <form data-confirm="Sentence that names object and consequence" data-verb="Delete">: asks first. A button may carry it too.
const dialog = document.getElementById("confirm");
const confirmed = new WeakSet();

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asker = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!dialog || !asker.dataset.confirm || confirmed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  dialog.querySelector("h2").textContent = asker.dataset.confirm;
  dialog.querySelector("[value=ok]").textContent = asker.dataset.verb || event.submitter?.textContent.trim();
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "ok") return;
    confirmed.add(form);
    form.requestSubmit(event.submitter);
  };
  dialog.showModal();
}, true);
