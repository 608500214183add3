// What only pages about feeds need. They work without this file.

// A long import is sent from here, so that its counts run meanwhile.
const form = document.querySelector("form[data-run]");
const running = document.querySelector("[data-running]");
const EVERY_MS = 300;

async function count() {
  const counts = await fetch(running.dataset.running).then((answer) => answer.json()).catch(() => null);
  if (counts) {
    running.querySelector("[data-done]").textContent = counts.n_done.toLocaleString(document.documentElement.lang);
    running.querySelector("progress").value = counts.n_done;
  }
  setTimeout(count, EVERY_MS);
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  form.hidden = true;
  running.hidden = false;
  setTimeout(count, EVERY_MS);
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  location.assign(answer?.url ?? location.href);
});

// Shift and click ticks all between two, as lists of files do.
const selection = document.querySelector("[data-selection]");
let lastTicked = null;
selection?.addEventListener("click", (event) => {
  const box = event.target.closest("input[name=feed]");
  if (!box) return;
  const boxes = [...selection.querySelectorAll("input[name=feed]")];
  if (event.shiftKey && lastTicked) {
    const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  }
  lastTicked = box;
});
