"use strict";
/* Brings a kiosk's page: from the network while there is one, else as it was brought last. */
const PAGES = "hearback-kiosk";
const PATIENCE = 5000; // milliseconds until a network that says nothing is as good as none

// A terminal that was started without a network before it ever had one; not styled, because nothing is known yet.
const NOT_YET = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>No connection yet</title>
<h1>No connection yet</h1><p>This page was never loaded on this device. It tries again by itself.</p>
<p lang="de">Diese Seite wurde auf diesem Gerät noch nie geladen. Sie versucht es von selbst wieder.</p></html>`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || !new URL(request.url).searchParams.has("key")) return;
  event.respondWith(page(request, (work) => event.waitUntil(work)));
});

const ANY_COPY = { ignoreSearch: true, ignoreVary: true }; // also of before the key was changed

const page = async (request, meanwhile) => {
  const pages = await caches.open(PAGES);
  const known = await pages.match(request, ANY_COPY);
  const fresh = fetched(request, pages).catch(() => null);
  meanwhile(fresh);
  const tooLong = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const brought = await (known ? Promise.race([fresh, tooLong]) : fresh);
  return brought ?? known ?? notYet();
};

// What the server says, or null where it could not say it: an outage, too many requests, somebody else's network.
const fetched = async (request, pages) => {
  const answer = await fetch(request);
  if (answer.ok) {
    // A disk that is full takes nothing from who has a network.
    await keep(request, answer.clone(), pages).catch(({ message }) => console.error(`hearback: not kept: ${message}`));
    return answer;
  }
  return answer.status >= 400 && answer.status < 500 && ![408, 429].includes(answer.status) ? answer : null;
};

// There is no moment without a whole copy, whenever the power fails: each has an address of its own, for a put in the
// place of another first takes that one away, and only those go that were there before it.
const keep = async (request, copy, pages) => {
  const older = await pages.keys(request, ANY_COPY);
  const address = new URL(request.url);
  address.searchParams.set("copy", crypto.randomUUID());
  await pages.put(address, copy);
  for (const known of older) await pages.delete(known, { ignoreVary: true });
};

const notYet = () => {
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'" };
  return new Response(NOT_YET, { status: 503, headers });
};
