// Keys and counts that run. Every page works without this file.

import { ACT_KEYS, meant, present } from "./acts.js";

const items = () => [...document.querySelectorAll("[data-item]")];
const linkOf = (item) => item.querySelector("h2 a, h3 a, .river-title a, th a") ?? item.querySelector("a");

// --- keys ----------------------------------------------------------------------------------------

const KEYS_OFF = "broadsheet-keys-off";
const areKeysOff = () => document.documentElement.dataset.keys === "off" || localStorage.getItem(KEYS_OFF);
const go = (key) => document.querySelector(`a[data-go="${CSS.escape(key)}"]`)?.click();
let isGoing = false;

function step(by) {
  const all = items();
  const at = all.indexOf(present());
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  linkOf(all[to] ?? document)?.focus();
}

// From the focus on, or from the start; at the end it stays.
function leap(found, by = 1) {
  const here = document.activeElement;
  const isBeyond = (place) => here.compareDocumentPosition(place) & (by > 0 ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING);
  const places = [...document.querySelectorAll(found)].map((place) => linkOf(place.closest("[data-item]") ?? place.querySelector("[data-item]") ?? place));
  const beyond = places.filter((place) => place && (here === document.body || isBeyond(place)));
  (by > 0 ? beyond[0] : beyond.at(-1))?.focus();
}

function explain() {
  const item = meant();
  const why = item?.querySelector(".why, .reasons");
  const fold = why?.closest("details") ?? why;
  if (fold) fold.open = true;
  (why?.querySelector("summary") ?? why)?.focus();
}

// Where there is no room for the field, a link leads to it.
function search() {
  const field = document.getElementById("ask") ?? document.getElementById("find");
  if (field?.checkVisibility()) field.select();
  else document.querySelector(".find-link a")?.click();
}

const source = (nth) => meant()?.querySelectorAll(".headlines a, a.original")[nth - 1]?.click();

const ACTS = {
  J: () => leap("[data-section]"),
  K: () => leap("[data-section]", -1),
  n: () => leap(".chip.new, .chip.updated"),
  w: explain,
  ...Object.fromEntries([..."123456789"].map((key) => [key, () => source(Number(key))])),
  j: () => step(1),
  k: () => step(-1),
  o: () => linkOf(present() ?? document.createElement("i"))?.click(),
  x: () => present()?.querySelector("summary")?.click(),
  v: () => meant()?.dataset.original && location.assign(meant().dataset.original),
  ...ACT_KEYS,
  g: () => { isGoing = true; },
  "/": search,
  "?": () => go("?"),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || areKeysOff()) return;
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
    place.textContent = counts[place.dataset.count].toLocaleString(document.documentElement.lang);
  }
  const bar = progress.querySelector("progress");
  if (!bar) return;
  bar.max = Math.max(counts.n_all ?? counts.n_feeds, 1);
  bar.value = counts.n_done ?? counts.n_checked;
}

if (progress) setTimeout(watch, EVERY_MS);

// --- being here, and what moved meanwhile --------------------------------------------------------

const VISIT_AFTER_MS = 5000;
const VISIT_EVERY_MS = 300000;
const MOVED_EVERY_MS = 60000;
const LOADING_AFTER_MS = 300;
const marks = document.getElementById("marks");
const isSeen = () => document.visibilityState === "visible";

// A page that is looked at for a few seconds says so, once in five minutes whatever number of pages there are.
function visit() {
  const last = Number(localStorage.getItem("broadsheet-visit") ?? 0);
  if (!marks || !isSeen() || Date.now() - last < VISIT_EVERY_MS) return;
  localStorage.setItem("broadsheet-visit", Date.now());
  fetch(marks.dataset.visit, { method: "POST", body: new URLSearchParams(new FormData(marks)) }).catch(() => null);
}

setTimeout(visit, VISIT_AFTER_MS);
document.addEventListener("visibilitychange", () => setTimeout(visit, VISIT_AFTER_MS));

// The order stays put while one reads: that something moved is said, and the reader turns the page.
const moved = document.querySelector("[data-front]");

async function look() {
  const news = isSeen() ? await fetch(moved.dataset.front).then((answer) => answer.json()).catch(() => null) : null;
  const link = moved.querySelector("a");
  if (news?.said && link.textContent !== `${news.said} ↻`) {
    link.textContent = `${news.said} ↻`;
    link.hidden = false;
  }
  setTimeout(look, MOVED_EVERY_MS);
}

if (moved) setTimeout(look, MOVED_EVERY_MS);

// What takes long to come is waited for under its own outline, which has the height of what is there.
const main = document.getElementById("main");
document.addEventListener("click", (event) => {
  if (!event.target.closest("a[data-loads]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  setTimeout(() => { main.classList.add("is-loading"); main.setAttribute("aria-busy", "true"); }, LOADING_AFTER_MS);
});
addEventListener("pageshow", () => { main.classList.remove("is-loading"); main.removeAttribute("aria-busy"); });

// --- keeping the last edition ------------------------------------------------------------------------

// The service worker keeps this page, its files and the stories it leads to, for when nothing can be reached.
const ABREAST = 40;
const spare = window.requestIdleCallback ?? ((act) => setTimeout(act, 2000));

function tell(worker) {
  const links = [...document.querySelectorAll("main [data-kind=story] h2 a[href]")].map((link) => link.href);
  const files = performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .filter((name) => new URL(name).pathname.startsWith("/static/"));
  const isFront = location.pathname === "/";
  worker.postMessage({ files, pages: isFront ? [location.href, ...new Set(links)].slice(0, ABREAST) : [] });
}

async function keep() {
  await navigator.serviceWorker.register("/service-worker.js");
  const { active } = await navigator.serviceWorker.ready;
  if (!document.documentElement.hasAttribute("data-kept") && !navigator.connection?.saveData) tell(active);
}

if ("serviceWorker" in navigator) window.addEventListener("load", () => spare(() => keep().catch(() => null)));
