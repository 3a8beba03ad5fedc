// Looks again every so often and puts in place what changed. Rests while nobody sees the page, waits longer and longer
// while there is no network, and ends when the parcel has arrived. Without it the page reloads itself (<noscript>).
(() => {
  "use strict";
  const LONGEST = 300_000;
  const live = document.getElementById("live");
  const address = location.pathname + "/now" + location.search;
  let failures = 0;
  let looks = 0;
  let timer = 0;

  const every = () => Number(live.dataset.every) * 1000;

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
    for (const part of fresh.querySelectorAll("[id]")) {
      const shown = document.getElementById(part.id);
      if (shown.innerHTML !== part.innerHTML) shown.innerHTML = part.innerHTML;
      shown.hidden = part.hidden;
    }
    live.dataset.every = fresh.dataset.every;
    document.title = fresh.dataset.title;
  }

  async function look() {
    const mine = ++looks;
    clearTimeout(timer);
    try {
      const answer = await fetch(address, { cache: "no-store" });
      if (mine !== looks) return; // a later look is under way: an older answer must not come after a newer one
      if ([403, 404, 410].includes(answer.status)) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      show(await answer.text());
      failures = 0;
    } catch {
      failures += 1;
    }
    later();
  }

  function later() {
    clearTimeout(timer);
    if (every() && !document.hidden) timer = setTimeout(look, Math.min(every() * 2 ** failures, LONGEST));
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (every()) look();
  });
  later();
})();
