// The rail: a sheet on a phone ([data-rail-open], [data-rail-close]), narrow or wide on a desk ([data-rail-toggle]).
const rail = document.getElementById("rail");
const opener = document.querySelector("[data-rail-open]");

function setOpen(open) {
  rail.toggleAttribute("data-open", open);
  (open ? rail.querySelector("[data-rail-close]") : opener)?.focus();
}

document.addEventListener("click", (event) => {
  if (!rail) return;
  if (event.target.closest("[data-rail-open]")) {
    event.preventDefault();
    setOpen(true);
  } else if (event.target.closest("[data-rail-close]")) {
    event.preventDefault();
    if (location.hash === "#rail") location.hash = "main";
    setOpen(false);
  }
  const toggle = event.target.closest("[data-rail-toggle]");
  if (toggle) {
    const narrow = document.documentElement.dataset.rail !== "narrow";
    document.documentElement.dataset.rail = narrow ? "narrow" : "wide";
    toggle.setAttribute("aria-pressed", narrow);
    document.cookie = `rail=${narrow ? "narrow" : "wide"};path=/;max-age=31536000;samesite=lax`;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && rail?.hasAttribute("data-open")) setOpen(false);
});
