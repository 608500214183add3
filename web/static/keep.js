// Has the service worker keep this page, its files and the stories it leads to, for when nothing can be reached.

const ABREAST = 40;

const spare = window.requestIdleCallback ?? ((act) => setTimeout(act, 2000));

function say(worker) {
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
  if (!document.documentElement.hasAttribute("data-kept") && !navigator.connection?.saveData) say(active);
}

if ("serviceWorker" in navigator) window.addEventListener("load", () => spare(() => keep().catch(() => null)));
