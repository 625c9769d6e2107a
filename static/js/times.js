// <time data-local=ago|date|datetime|time>: the reader's own zone, the zone named in the title; "ago" keeps counting.
const language = document.documentElement.lang || undefined;
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
const forms = {
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  datetime: new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }),
  time: new Intl.DateTimeFormat(language, { timeStyle: "short" }),
};
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const STEPS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function ago(date) {
  const seconds = (date - Date.now()) / 1000;
  const [unit, length] = STEPS.find(([, size]) => Math.abs(seconds) >= size) || STEPS.at(-1);
  return relative.format(Math.trunc(seconds / length), unit);
}

function write(root) {
  for (const element of root.querySelectorAll("time[data-local]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = element.dataset.local === "ago" ? ago(date) : (forms[element.dataset.local] || forms.datetime).format(date);
    if (element.textContent !== text) element.textContent = text;
    element.title = exact.format(date);
  }
}

write(document);
document.addEventListener("htmx:after:swap", () => write(document));
setInterval(() => document.hidden || write(document), 20000);
