// htmx: every request carries the CSRF token; one that fails says so in the notice region, and what was typed stays.
const token = document.querySelector("meta[name=csrf-token]")?.content;

document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  if (token && request.method !== "GET") request.headers["X-CSRFToken"] = token;
});

function tell(kind) {
  const region = document.getElementById("notices");
  if (!region || region.querySelector(`[data-kind=${kind}]`)) return;
  const notice = document.createElement("div");
  notice.className = "notice notice-error";
  notice.dataset.kind = kind;
  const text = document.createElement("div");
  text.textContent = region.dataset[kind];
  notice.append(text);
  region.append(notice);
}

document.addEventListener("htmx:error", () => tell("offline"));
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx.response.status;
  if (status === 401) location.reload();
  else if (status !== 422 && status !== 409) tell("failed");
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.response.status >= 400) return;
  for (const notice of document.querySelectorAll("#notices [data-kind]")) notice.remove();
});
