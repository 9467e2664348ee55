// Keeps every file of the page, and answers from what is kept. Before this stand VERSION and FILES (scripts/demo/build.py):
// path -> bytes.

const TELL_EVERY = 0.01;
/** What is kept may have threads, whatever the server says. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => event.respondWith(answer(event.request)));

async function answer(request) {
  const kept = await (await caches.open(VERSION)).match(request, { ignoreSearch: true });
  return kept ?? fetch(request);
}

async function keep() {
  const cache = await caches.open(VERSION);
  const whole = Object.values(FILES).reduce((sum, bytes) => sum + bytes, 0);
  let loaded = 0;
  let told = 0;
  const count = (bytes) => {
    loaded += bytes;
    if (loaded / whole < told + TELL_EVERY) return;
    told = loaded / whole;
    tell(told);
  };
  await Promise.all(Object.keys(FILES).map((path) => fetchInto(cache, path, count)));
}

async function fetchInto(cache, path, count) {
  const response = await fetch(path, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  const counter = new TransformStream({
    transform(piece, into) {
      count(piece.length);
      into.enqueue(piece);
    },
  });
  const headers = new Headers({ ...Object.fromEntries(response.headers), ...ISOLATION });
  await cache.put(path, new Response(response.body.pipeThrough(counter), { headers }));
}

async function tell(share) {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true })) client.postMessage({ share });
}

async function forgetOthers() {
  for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
}
