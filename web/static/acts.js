// What one does with stories and articles, in place. Without this file the same buttons and links work as plain forms.

const form = document.getElementById("marks");
const items = () => [...document.querySelectorAll("[data-item]")];

// On a page about one thing, that thing is meant wherever the focus is.
export const present = () => document.activeElement?.closest("[data-item]") ?? null;
export const meant = () => present() ?? (items().length === 1 ? items()[0] : null);

// --- the message at the foot of the window, where it moves nothing ----------------------------------

const SAID_MS = 10_000;
const said = document.getElementById("said");
let unsay = 0;

function hush() {
  if (said.contains(document.activeElement) || said.matches(":hover")) {
    unsay = setTimeout(hush, 1000);
    return;
  }
  said.querySelector("button")?.remove();
  said.firstElementChild.textContent = "";
}

export function say(sentence, undo = null) {
  clearTimeout(unsay);
  said.querySelector("button")?.remove();
  said.firstElementChild.textContent = sentence;
  if (undo) {
    const button = document.createElement("button");
    button.textContent = said.dataset.undoWords;
    button.dataset.undo = "";
    button.setAttribute("formaction", undo);
    said.append(button);
  }
  unsay = setTimeout(hush, SAID_MS);
}

// --- asking the server -------------------------------------------------------------------------------

// Nobody sees a page that is asked for like this: what it would say to the reader waits for the next one.
const UNSEEN = { headers: { "X-Requested-With": "fetch" } };

async function post(address, fields = new FormData(form)) {
  const answer = await fetch(address, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function attempt(address, fields) {
  try {
    const outcome = await post(address, fields);
    if (outcome.turn_to) {
      location.assign(outcome.turn_to); // what was done is said there, once: this page asks for nothing more
      return null;
    }
    say(outcome.said, outcome.undo);
    return outcome;
  } catch {
    say(said.dataset.failed);
    return null;
  }
}

// --- one thing ---------------------------------------------------------------------------------------

// A button does what its address ends with, and so does the opposite one in the same slot.
const SLOTS = { read: "read", unread: "read", star: "star", unstar: "star", follow: "follow", unfollow: "follow", mute: "mute" };
const addressOf = (button) => button.getAttribute("formaction") ?? button.getAttribute("href") ?? "";
const actOf = (button) => addressOf(button).split("/").pop();
const slotOf = (button) => SLOTS[actOf(button)];
const inSlot = (item, slot) => [...(item?.querySelectorAll(".act") ?? [])].find((each) => slotOf(each) === slot);

function turn(button, act, name) {
  button.setAttribute("formaction", addressOf(button).replace(/[^/]+$/, act));
  button.querySelector("span").textContent = name;
}

async function act(button) {
  const outcome = await attempt(addressOf(button));
  if (!outcome?.next) return;
  const { act: next, name } = outcome.next;
  turn(button, next, name);
  if (slotOf(button) === "read") button.closest("[data-item]")?.classList.toggle("is-read", next === "unread");
}

// --- many things, and taking back: the page is asked for again, and what it says of each item is shown --

async function refresh() {
  const answer = await fetch(location.href, UNSEEN).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const item of items()) {
    const { kind, id } = item.dataset;
    const now = fresh.querySelector(`[data-item][data-kind="${CSS.escape(kind ?? "")}"][data-id="${CSS.escape(id ?? "")}"]`);
    if (!now) continue;
    item.classList.toggle("is-read", now.classList.contains("is-read"));
    item.classList.remove("is-muted", "is-over");
    for (const button of item.querySelectorAll("button.act:not([data-copy])")) {
      const other = inSlot(now, slotOf(button));
      if (other) turn(button, actOf(other), other.querySelector("span").textContent);
    }
  }
}

async function sweep(button) {
  const fields = new FormData(form);
  if (button.name) fields.append(button.name, button.value);
  if (await attempt(button.getAttribute("formaction") ?? form.action, fields)) refresh();
}

async function undo(address) {
  const before = document.activeElement;
  if (!(await attempt(address))) return;
  // The button that was pressed is gone: back to the item that it was about.
  if (!before?.isConnected) last?.focus();
  refresh();
}

async function end(button) {
  if (await attempt(button.getAttribute("formaction"))) button.closest("[data-item]")?.classList.add("is-over");
}

// --- the menu of mutes -------------------------------------------------------------------------------

async function open(link) {
  const answer = await fetch(link.href, UNSEEN).catch(() => null);
  if (!answer?.ok) {
    location.assign(link.href);
    return;
  }
  const menu = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("mute-menu");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "mute-title");
  dialog.append(document.adoptNode(menu));
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-close]")) return;
    event.preventDefault();
    dialog.close();
  });
  menu.addEventListener("submit", async (event) => {
    event.preventDefault();
    dialog.close();
    if (await attempt(menu.action, new FormData(menu))) link.closest("[data-item]")?.classList.add("is-muted");
  });
  dialog.showModal();
}

// --- the address of a story, for elsewhere ------------------------------------------------------------

// Browsers let pages write to the clipboard over https and on this machine; elsewhere the button stays out of sight.
const copies = document.querySelectorAll("button[data-copy]");
for (const button of copies) button.hidden = !navigator.clipboard;

function copy(button) {
  const address = new URL(button.dataset.copy, location.href).href;
  navigator.clipboard.writeText(address).then(() => say(said.dataset.copied), () => say(address));
}

// --- pressing ----------------------------------------------------------------------------------------

// What the last act was done with: where the focus goes back to when it is undone.
let last = null;

const PRESSED = [
  ["button[data-copy]", copy],
  ["button[data-undo]", (button) => undo(button.getAttribute("formaction"))],
  ["button.act", act],
  ["a.act", open],
  ["button[data-sweep]", sweep],
  ["button[data-end]", end],
];

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !form) return;
  for (const [selector, press] of PRESSED) {
    const pressed = event.target.closest(selector);
    if (!pressed) continue;
    event.preventDefault();
    if (!pressed.matches("[data-undo]")) last = document.activeElement === document.body ? pressed : document.activeElement;
    press(pressed);
    return;
  }
});

const press = (slot) => inSlot(meant(), slot)?.click();

function sweepHere() {
  for (let place = document.activeElement; place; place = place.parentElement?.closest("section, main, body")) {
    const button = place.querySelector("button[data-sweep]");
    if (button) return button.click();
  }
  return document.querySelector("button[data-sweep]")?.click();
}

export const ACT_KEYS = {
  m: () => press("read"),
  s: () => press("star"),
  f: () => press("follow"),
  d: () => press("mute"),
  u: () => undo(document.querySelector("button[data-undo]")?.getAttribute("formaction") ?? "/acts/undo"),
  A: sweepHere,
};
