/* Hearback's survey widget. One line anywhere in a page shows it:
 *
 *   <script async src="https://hear.example.com/widget.js" data-survey="checkout" data-key="pk_…"></script>
 *
 * data-locale names the language to ask in; without it, the page's own (<html lang>), then the browser's.
 * `hearback-survey { --hearback-brand: …; --hearback-on-brand: … }` in the page's style sheet changes its colours.
 *
 * A rating leaves at the click, as revision 1 of a response. A comment follows as the next revision, which repeats the
 * rating: a revision is the complete answer. Until we have it, an answer waits in localStorage and goes again, under
 * the same response_id, so that however often it arrives it counts once.
 */
(() => {
  "use strict";
  const script = document.currentScript || document.querySelector("script[data-survey][data-key]");
  const { survey, key, locale } = script ? script.dataset : {};
  const complain = (sentence) => console.error(`hearback: ${sentence}`);
  if (!survey || !key) return complain("the script tag needs data-survey and data-key");

  const language = locale || document.documentElement.lang || navigator.language;
  const address = (what, query = {}) =>
    new URL(`v1/surveys/${encodeURIComponent(survey)}/${what}?${new URLSearchParams({ key, ...query })}`, script.src);

  // ---- The outbox: answers that we do not know to have arrived ----

  const PREFIX = "hearback:";
  const WORTH_SENDING = 7 * 864e5; // milliseconds; the server takes no older answer
  const LONGEST_WAIT = 300; // seconds
  const waiting = new Map(); // response_id → the entry as text, the same as in localStorage

  // A private window, a sandbox or a full disk may refuse; then an answer waits as long as the page does.
  const stored = (action) => {
    try {
      return action(localStorage);
    } catch {
      return undefined;
    }
  };

  const keep = (answer) => {
    const entry = JSON.stringify({ survey, at: Date.now(), body: JSON.stringify(answer) });
    waiting.set(answer.response_id, entry);
    stored((storage) => storage.setItem(PREFIX + answer.response_id, entry));
  };

  // Another tab, or a later click, may have put a newer revision in its place: that one stays.
  const forget = (id, entry) => {
    if (waiting.get(id) === entry) waiting.delete(id);
    stored((storage) => storage.getItem(PREFIX + id) === entry && storage.removeItem(PREFIX + id));
  };

  const recall = () =>
    stored((storage) => {
      for (const name of Object.keys(storage).filter((name) => name.startsWith(PREFIX))) {
        const id = name.slice(PREFIX.length);
        const entry = storage.getItem(name);
        try {
          const { survey: of, at } = JSON.parse(entry);
          if (!(Date.now() - at < WORTH_SENDING)) forget(id, entry);
          else if (of === survey) waiting.set(id, entry);
        } catch {
          storage.removeItem(name);
        }
      }
    });

  // Sends one answer; true if it is worth another try on this visit.
  const send = async (id) => {
    const entry = waiting.get(id);
    let status = 0;
    try {
      // As text/plain with the key in the address no browser asks first, and keepalive outlives the page.
      const request = { method: "POST", body: JSON.parse(entry).body, headers: { "content-type": "text/plain" } };
      ({ status } = await fetch(address("responses"), { ...request, keepalive: true, credentials: "omit" }));
    } catch {
      return true; // no network, or an answer of the gateway that we may not read
    }
    if (status === 408 || status === 429 || status >= 500) return true;
    if (status >= 400) complain(`an answer to survey "${survey}" was refused (${status})`);
    // A wrong key can be put right until the next visit; a refused body can not.
    if ([401, 403, 404].includes(status)) waiting.delete(id);
    else forget(id, entry);
    return false;
  };

  let tries = 0;
  let timer;
  const sendAll = async () => {
    const again = (await Promise.all([...waiting.keys()].map(send))).includes(true);
    clearTimeout(timer);
    if (!again) tries = 0;
    else timer = setTimeout(sendAll, Math.min(LONGEST_WAIT, 2 ** tries++) * (500 + 1000 * Math.random()));
  };
  addEventListener("online", sendAll);

  // ---- The card ----

  const STYLE = `
:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483647!important;
inset:auto 16px 16px auto!important;width:min(432px,100vw - 32px)!important;color-scheme:inherit!important;
--card:#fff;--ink:#1c2024;--soft:#5c636b;--line:#8b929b;--fill:#f3f4f6;--edge:#0002}
@supports(color:light-dark(red,red)){:host{--card:light-dark(#fff,#1f2329);--ink:light-dark(#1c2024,#eef0f2);
--soft:light-dark(#5c636b,#b3bac2);--line:light-dark(#8b929b,#7d858f);--fill:light-dark(#f3f4f6,#2b3038);--edge:light-dark(#0002,#fff3)}}
*{box-sizing:border-box;margin:0;font:inherit;color:inherit}
section{position:relative;padding:20px;border-radius:16px;background:var(--card);color:var(--ink);
font:16px/1.45 system-ui,sans-serif;box-shadow:0 0 0 1px var(--edge),0 12px 40px #0004}
h2{font-weight:600;padding-inline-end:28px;text-wrap:balance}
[role=radiogroup]{display:grid;grid-template-columns:repeat(var(--columns),1fr);gap:4px;margin-top:16px}
button{cursor:pointer;border:1px solid var(--line);border-radius:8px;background:var(--card);min-height:40px;padding:0}
button:hover{background:var(--fill)}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
[aria-checked=true],[type=submit],[aria-checked=true]:hover,[type=submit]:hover{
background:var(--brand);color:var(--on-brand);border-color:light-dark(var(--brand),var(--line))}
.ends{display:flex;justify-content:space-between;gap:16px;margin-top:6px;color:var(--soft);font-size:13px}
.close{position:absolute;inset-block-start:12px;inset-inline-end:12px;width:32px;min-height:32px;border:0;font-size:20px}
form{margin-top:16px}
[role=status]{padding-inline-end:28px}
[hidden]{display:none}
label{display:block;margin-bottom:6px}
textarea{display:block;width:100%;min-height:84px;padding:8px 10px;border:1px solid var(--line);border-radius:8px;
background:var(--card);resize:vertical;outline-offset:-1px!important}
[type=submit]{margin-top:10px;padding:0 20px;font-weight:600}
@media(max-width:420px){[role=radiogroup]{grid-template-columns:repeat(min(6,var(--columns)),1fr)}button{min-height:44px}}
@media(prefers-reduced-motion:no-preference){section{animation:rise .3s ease-out}
@keyframes rise{from{opacity:0;transform:translateY(12px)}}}`;

  // Elements are made one by one, never from HTML: a page under a strict policy allows this, and texts stay texts.
  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  // Random UUID, version 4; crypto.randomUUID is missing on pages without https.
  const newId = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    );

  const show = ({ locale: lang, brand, questions, thanks, texts }) => {
    const question = questions.find(({ low }) => low !== null);
    const { options } = question;
    const answer = { response_id: newId(), revision: 0, locale: lang };
    const submit = (change) => {
      Object.assign(answer, change, { revision: answer.revision + 1 });
      keep(answer);
      sendAll();
    };

    const host = element("hearback-survey");
    const root = host.attachShadow({ mode: "open" });
    const css =
      `${STYLE}:host{--columns:${options.length};--brand:var(--hearback-brand,${brand.colour});` +
      `--on-brand:var(--hearback-on-brand,${brand.on_colour})}`;
    if (root.adoptedStyleSheets) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } else root.append(element("style", {}, css));

    // Arrow keys move among the ratings, Enter or the space bar gives one: a rating leaves when it is given.
    const ratings = options.map(({ value, text }, step) =>
      element("button", { type: "button", role: "radio", "aria-checked": false, tabindex: step ? -1 : 0, value }, text),
    );
    const select = (chosen) =>
      ratings.forEach((button) => button.setAttribute("tabindex", button === chosen ? 0 : -1));
    const group = element("div", { role: "radiogroup", "aria-labelledby": "asked", "aria-describedby": "ends" }, ...ratings);
    group.addEventListener("click", ({ target }) => {
      if (!ratings.includes(target)) return;
      select(target);
      ratings.forEach((button) => button.setAttribute("aria-checked", button === target));
      form.hidden = false;
      submit({ rating: Number(target.value) });
    });
    group.addEventListener("keydown", (event) => {
      const at = ratings.indexOf(event.target);
      const forward = getComputedStyle(card).direction === "rtl" ? -1 : 1;
      const steps = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: 1, ArrowUp: -1 };
      const to = { Home: 0, End: ratings.length - 1 }[event.key] ?? at + (steps[event.key] || NaN);
      if (Number.isNaN(to)) return;
      event.preventDefault();
      const next = ratings[(to + ratings.length) % ratings.length];
      select(next);
      next.focus();
    });

    const comment = element("textarea", { id: "comment", maxlength: 2000, rows: 3 });
    const form = element(
      "form",
      { hidden: "" },
      element("label", { for: "comment" }, texts.comment),
      comment,
      element("button", { type: "submit" }, texts.send),
    );
    const said = element("p", { role: "status" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = comment.value.trim();
      if (text) submit({ comment: text });
      for (const part of [heading, group, ends, form]) part.hidden = true;
      said.textContent = thanks;
      close.focus();
    });

    const heading = element("h2", { id: "asked" }, question.text);
    const ends = element(
      "div",
      { id: "ends", class: "ends" },
      element("span", {}, question.low_text),
      element("span", {}, question.high_text),
    );
    const close = element("button", { type: "button", class: "close", "aria-label": texts.close }, "×");
    close.addEventListener("click", () => host.remove());
    const card = element("section", { lang, dir: "auto", "aria-label": brand.name }, heading, group, ends, form, said, close);
    card.addEventListener("keydown", ({ key: pressed }) => pressed === "Escape" && host.remove());
    root.append(card);
    document.body.append(host);
  };

  // ---- Begin ----

  const start = async () => {
    recall();
    sendAll();
    let answer;
    try {
      answer = await fetch(address("widget", { locale: language }), { credentials: "omit" });
    } catch {
      return; // no network: nothing to show, and the answers of earlier visits wait on
    }
    if (answer.ok) show(await answer.json());
    else if (answer.status < 500 && answer.status !== 429) {
      const { detail = answer.status } = await answer.json().catch(() => ({}));
      complain(`survey "${survey}" is not shown: ${detail}`);
    }
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
