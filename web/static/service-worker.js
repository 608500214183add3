// Keeps the last edition: what it was shown is shown again, marked as such, where nothing can be reached.

const PAGES = "pages";
const FILES = "files";
const OFFLINE = "/offline";
const MAX_PAGES = 200;
const UNSEEN = { headers: { "X-Requested-With": "fetch" } }; // what the page would say to the reader waits
const LIKE = { ignoreVary: true }; // what is kept is kept for whoever uses this browser
const FRESH_MS = 60 * 60 * 1000; // a story that was kept within the hour is not fetched ahead again

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PAGES).then((pages) => pages.add(new Request(OFFLINE, UNSEEN))).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page says what to keep: itself, the files it is made of, and the stories that it leads to.
self.addEventListener("message", ({ data, source }) => {
  if (!source || !Array.isArray(data?.pages) || !Array.isArray(data?.files)) return;
  keepFiles(data.files.map(ours).filter(Boolean));
  keepPages(data.pages.map(ours).filter(Boolean));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
});

const ours = (address) => {
  const url = new URL(address, self.location.origin);
  return url.origin === self.location.origin ? url.pathname + url.search : null;
};

async function page(request) {
  try {
    const answer = await fetch(request);
    if (isKept(answer)) await keep(request.url, answer.clone());
    return answer;
  } catch {
    const pages = await caches.open(PAGES);
    const kept = await pages.match(request.url, LIKE);
    return asKept(kept ?? (await pages.match(request.url, { ...LIKE, ignoreSearch: true })) ?? (await pages.match(OFFLINE)));
  }
}

// The address of a file of ours changes with what is in it.
async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}

const isKept = (answer) => answer.ok && !answer.redirected && answer.headers.get("Content-Type")?.startsWith("text/html");

async function keep(address, answer) {
  const pages = await caches.open(PAGES);
  await pages.put(address, answer);
  const kept = await pages.keys();
  const surplus = kept.filter((each) => !each.url.endsWith(OFFLINE)).slice(0, Math.max(0, kept.length - MAX_PAGES));
  await Promise.all(surplus.map((each) => pages.delete(each)));
}

async function keepPages(addresses) {
  const pages = await caches.open(PAGES);
  for (const address of addresses) {
    const known = await pages.match(address);
    if (known && Date.now() - Date.parse(known.headers.get("Date")) < FRESH_MS) continue;
    const answer = await fetch(address, UNSEEN).catch(() => null);
    if (!answer) return;
    if (isKept(answer)) await keep(new URL(address, self.location.origin).href, answer);
  }
}

async function keepFiles(addresses) {
  const files = await caches.open(FILES);
  const wanted = new Set(addresses.map((address) => new URL(address, self.location.origin).href));
  const known = new Set((await files.keys()).map((each) => each.url));
  await Promise.all([...wanted].filter((each) => !known.has(each)).map((each) => files.add(each).catch(() => null)));
  await Promise.all([...known].filter((each) => !wanted.has(each)).map((each) => files.delete(each)));
}

// A kept page says that it is one: the style sheet shows its note where the root element is so marked.
async function asKept(answer) {
  if (!answer) return Response.error();
  const html = (await answer.text()).replace("<html ", "<html data-kept ");
  return new Response(html, { status: 200, headers: answer.headers });
}
