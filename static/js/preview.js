// <form data-preview=id data-preview-url>: what stands in it is posted into the frame of that id while one types. Each time
// into a new frame, shown when it is there: no flicker, and no entry in the history. form.submit() tells nobody.
let waiting, count = 0;

function show(form) {
  const shown = document.getElementById(form.dataset.preview);
  const fresh = shown.cloneNode();
  fresh.removeAttribute("src");
  fresh.removeAttribute("id");
  fresh.name = `preview-${++count}`;
  fresh.className = `${shown.className} is-coming`;
  const newest = fresh.name;
  shown.after(fresh);
  const before = [form.action, form.target];
  form.action = form.dataset.previewUrl;
  form.target = fresh.name;
  form.submit();
  [form.action, form.target] = before;
  fresh.onload = () => {
    if (newest !== `preview-${count}`) return fresh.remove();
    fresh.classList.remove("is-coming");
    document.getElementById(form.dataset.preview).remove();
    fresh.id = form.dataset.preview;
    fresh.onload = null;
  };
}

document.addEventListener("input", (event) => {
  const form = event.target.form; // also of what stands outside it with form=id
  if (!form?.matches("[data-preview]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => show(form), 400);
});

// After a refused save the source isn't what the template's own preview shows.
for (const form of document.querySelectorAll("form[data-preview][data-preview-now]")) show(form);
