// Keys, marking in place and counts that run. Every page works without this file.

const items = () => [...document.querySelectorAll("[data-item]")];
const linkOf = (item) => item.querySelector("h2 a, .river-title a, th a");
const present = () => document.activeElement?.closest("[data-item]") ?? null;

// Said at the foot of the window, where it moves nothing, and gone after a while.
const SAID_MS = 5000;
const said = document.getElementById("said");
let unsay = 0;
const say = (sentence) => {
  clearTimeout(unsay);
  said.textContent = sentence;
  unsay = setTimeout(() => said.replaceChildren(), SAID_MS);
};

// --- marking -------------------------------------------------------------------------------------

const form = document.getElementById("marks");

async function post(address) {
  const answer = await fetch(address, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function mark(button) {
  const address = button.getAttribute("formaction");
  const isRead = address.endsWith("/read");
  try {
    say((await post(address)).said);
  } catch {
    say("That could not be saved. Load the page again and repeat it.");
    return;
  }
  show(button, isRead);
}

function show(button, isRead) {
  const act = isRead ? "unread" : "read";
  button.closest("[data-item], .is-read")?.classList.toggle("is-read", isRead);
  button.setAttribute("formaction", button.getAttribute("formaction").replace(/[^/]+$/, act));
  button.title = `Mark ${act}`;
  button.querySelector(".act-name").textContent = `Mark ${act}`;
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isRead ? "#circle" : "#check"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-mark]");
  if (!button) return;
  event.preventDefault();
  mark(button);
});

// --- keys ----------------------------------------------------------------------------------------

const KEYS_OFF = "broadsheet-keys-off";
const go = (key) => document.querySelector(`a[data-go="${CSS.escape(key)}"]`)?.click();
let isGoing = false;

function step(by) {
  const all = items();
  const at = all.indexOf(present());
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  linkOf(all[to] ?? document)?.focus();
}

// On a page about one thing, that thing is meant wherever the focus is.
const meant = () => present() ?? (items().length === 1 ? items()[0] : null);

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => linkOf(present() ?? document.createElement("i"))?.click(),
  x: () => present()?.querySelector("summary")?.click(),
  v: () => meant()?.dataset.original && location.assign(meant().dataset.original),
  m: () => meant()?.querySelector("button[data-mark]")?.click(),
  A: () => document.querySelector("button[data-mark-all]")?.click(),
  g: () => { isGoing = true; },
  "?": () => go("?"),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS_OFF)) return;
  if (isGoing) {
    isGoing = false;
    go(event.key);
    return;
  }
  if (!Object.hasOwn(ACTS, event.key)) return;
  event.preventDefault();
  ACTS[event.key]();
});

const keysOn = document.getElementById("keys-on");
if (keysOn) {
  keysOn.disabled = false;
  keysOn.checked = !localStorage.getItem(KEYS_OFF);
  keysOn.addEventListener("change", () => {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  });
}

// --- counts that run -----------------------------------------------------------------------------

const EVERY_MS = 1000;
const progress = document.querySelector("[data-progress]");

async function watch() {
  const counts = await fetch(progress.dataset.progress).then((answer) => answer.json()).catch(() => null);
  if (counts && !counts.is_working) return location.assign(progress.dataset.next);
  if (counts) showCounts(counts);
  return setTimeout(watch, EVERY_MS);
}

function showCounts(counts) {
  for (const place of progress.querySelectorAll("[data-count]")) {
    place.textContent = counts[place.dataset.count].toLocaleString("en");
  }
  const bar = progress.querySelector("progress");
  if (!bar) return;
  bar.max = Math.max(counts.n_all ?? counts.n_feeds, 1);
  bar.value = counts.n_done ?? counts.n_checked;
}

if (progress) setTimeout(watch, EVERY_MS);
