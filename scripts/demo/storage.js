// Has the browser keep the whole page, so that it is there without a network (service-worker.js).

/**
 * Wait until everything is kept. Pages that came without encryption from another machine are not: there this ends at
 * once, and everything is fetched when it is needed.
 * @param {(share: number) => void} tell called with the share that is kept so far
 */
export async function stored(tell) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  serviceWorker.addEventListener("message", ({ data }) => tell(data.share));
  const registration = await serviceWorker.register(new URL("service-worker.js", import.meta.url));
  const begun = registration.installing ?? registration.waiting;
  // A later visit: what is kept is complete, and a newer version replaces it in the background.
  if (registration.active) return;
  await new Promise((done, fail) => {
    begun.onstatechange = () => {
      if (begun.state === "activated") done();
      if (begun.state === "redundant") fail(new Error("the download was interrupted"));
    };
  });
}
