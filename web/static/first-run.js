// How far each feed has come while the first edition is made; without this file the page loads itself anew.

const list = document.querySelector("[data-steps]");
const EVERY_MS = 1500;

async function follow() {
  const told = await fetch(list.dataset.steps).then((answer) => answer.json()).catch(() => ({}));
  for (const place of list.querySelectorAll("[data-step]")) {
    place.textContent = told[place.dataset.step] ?? place.textContent;
  }
  setTimeout(follow, EVERY_MS);
}

if (list) setTimeout(follow, EVERY_MS);
