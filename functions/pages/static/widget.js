/* Hearback's survey widget. One line anywhere in a page shows it; `make widget` makes widget.min.js, which is served.
 *
 *   <script async src="https://hear.example.com/widget.js" data-survey="checkout" data-key="pk_…"></script>
 *
 * When it asks: at once, or with data-after="20" (seconds), data-scroll="50" (percent of the page), data-exit (the
 * mouse leaves the page at its top), data-ask (only when the page calls); with several, at the first of them. The page
 * calls `hearback.ask("checkout", { person, subject, properties, token })`. Nothing is loaded before.
 * Whom it asks: data-url="/order/" (a regular expression that the page's address must match), data-sample="10" (percent
 * of visitors; who was drawn stays drawn), data-again="30" (who was shown any survey here is left alone for 30 days).
 * data-token, a signed link's, may stand in place of the key; then the server has decided whom to ask.
 * data-locale names the language to ask in; without it, the page's own (<html lang>), then the browser's.
 *
 * A rating leaves at the click, as revision 1 of a response. Each further answer follows as the next revision, which
 * repeats all of it: a revision is the complete answer. Until we have it, an answer waits in localStorage and goes
 * again, under the same response_id, so that however often it arrives it counts once.
 */
(() => {
  "use strict";
  const script = document.currentScript || document.querySelector("script[data-survey]");
  const settings = script ? script.dataset : {};
  const { survey, key, locale, url, sample, again, after, scroll } = settings;
  const complain = (sentence) => console.error(`hearback: ${sentence}`);
  if (!survey || (key ?? settings.token ?? settings.ask) === undefined)
    return complain("the script tag needs data-survey and data-key");

  const DAY = 864e5; // milliseconds
  const hearback = (window.hearback ||= {});

  // A private window, a sandbox or a full disk may refuse; then an answer waits as long as the page does.
  const stored = (action) => {
    try {
      return action(localStorage);
    } catch {
      return undefined;
    }
  };

  const address = (what, token, query) => {
    const parameters = new URLSearchParams({ ...(token ? { t: token } : { key }), ...query });
    return new URL(`v1/surveys/${encodeURIComponent(survey)}/${what}?${parameters}`, script.src);
  };

  // As text/plain with the key in the address no browser asks first, and keepalive outlives the page.
  const post = (what, token, body) =>
    fetch(address(what, token), {
      method: "POST",
      body,
      headers: { "content-type": "text/plain" },
      keepalive: true,
      credentials: "omit",
    });

  const reason = async (answer) => {
    const { detail = answer.status } = await answer.json().catch(() => ({}));
    return detail;
  };

  // ---- The outbox: answers that we do not know to have arrived ----

  const PREFIX = "hearback:";
  const WORTH_SENDING = 7 * DAY; // the server takes no older answer
  const LATE = 6e5; // milliseconds after which an answer says when it was given
  const LONGEST_WAIT = 300; // seconds
  const waiting = new Map(); // an answer's own id → the entry as text, the same as in localStorage
  const refused = new Map(); // the same id → what its card does if we do not want the answer

  const keep = (id, token, body, at = Date.now()) => {
    const entry = JSON.stringify({ survey, token, at, body });
    waiting.set(id, entry);
    stored((storage) => storage.setItem(PREFIX + id, entry));
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
    const { token, at, body } = JSON.parse(entry);
    const late = Date.now() - at > LATE;
    const text = JSON.stringify({ ...body, answered_at: late ? new Date(at) : undefined });
    // No network, or an answer of the gateway that we may not read: no status.
    const answer = await post("responses", token, text).catch(() => ({}));
    const { status = 0 } = answer;
    if (!status || status === 408 || status === 429 || status >= 500) return true;
    if (status === 422 && late && waiting.get(id) === entry) {
      keep(id, token, body); // perhaps only the device's clock is wrong: then it was given when it arrives
      return true;
    }
    if (status >= 400) {
      complain(`an answer to survey "${survey}" was refused (${status}): ${await reason(answer)}`);
      refused.get(id)?.();
    }
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

  // Arrow keys move among the ratings, Enter or the space bar gives one: a rating leaves when it is given.
  const scale = ({ id, options, look, low_text, high_text }, give) => {
    const buttons = options.map(({ value, text, label }, step) =>
      element(
        "button",
        { type: "button", role: "radio", "aria-checked": false, "aria-label": label, tabindex: step ? -1 : 0, value },
        text,
      ),
    );
    const select = (chosen) =>
      buttons.forEach((button) => button.setAttribute("tabindex", button === chosen ? 0 : -1));
    const group = element(
      "div",
      {
        role: "radiogroup",
        class: look || "words",
        "aria-labelledby": `asked-${id}`,
        "aria-describedby": `ends-${id}`,
      },
      ...buttons,
    );
    group.style.setProperty("--columns", options.length);
    group.addEventListener("click", ({ target }) => {
      const at = buttons.indexOf(target);
      if (at < 0) return;
      select(target);
      buttons.forEach((button) => button.setAttribute("aria-checked", button === target));
      give(options[at]);
    });
    group.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(event.target);
      const forward = getComputedStyle(group).direction === "rtl" ? -1 : 1;
      const steps = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: 1, ArrowUp: -1 };
      const to = { Home: 0, End: buttons.length - 1 }[event.key] ?? at + (steps[event.key] || NaN);
      if (Number.isNaN(to)) return;
      event.preventDefault();
      const next = buttons[(to + buttons.length) % buttons.length];
      select(next);
      next.focus();
    });
    const ends = [low_text, high_text].map((text) => element("span", {}, text));
    return [group, element("div", { id: `ends-${id}`, class: "ends" }, ...(low_text ? ends : []))];
  };

  const field = ({ id }, maxlength, send, give) => {
    const box = element("textarea", { "aria-labelledby": `asked-${id}`, maxlength, rows: 3 });
    const form = element("form", {}, box, element("button", { type: "submit" }, send));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      give({ value: box.value.trim() });
    });
    return [form];
  };

  const show = ({ locale: lang, brand, questions, thanks, texts, funnel, response_id }, token, given) => {
    // A signed link's one response may have revisions that we know nothing of: later milliseconds are higher.
    const id = response_id || newId();
    const answer = { ...given, response_id: id, revision: token ? Date.now() : 0, locale: lang, answers: {} };
    const { subject, test } = given;
    const view = { view_id: newId(), channel: "widget", shown: true, started: false, dismissed: false, subject, test };

    const submit = (change) => {
      Object.assign(answer, change);
      answer.revision++;
      view.started = true;
      keep(id, token, answer);
      sendAll();
    };

    // The rating comes first and stays, so that a mind can change. Below it, one at a time, comes what else is asked.
    const first = questions.find(({ low }) => low !== null);
    const others = questions.filter((question) => question !== first);
    const written = () => others.filter(({ options }) => !options.length).length;
    if (!written()) others.push({ id: "", text: texts.comment, options: [], bands: [] });
    // All texts together must fit into the 16 KB of one answer, at up to 3 bytes a character.
    const longest = Math.floor(Math.min(2000, 3000 / written()));
    let band;
    let asked;
    const advance = (done) => {
      if (done) others.splice(others.indexOf(done), 1);
      const next = others.find(({ bands }) => !bands.length || bands.includes(band));
      if (next && next === asked) return; // and what was typed into it stays
      asked = next;
      if (next) {
        slot.replaceChildren(...block(next, ({ value }) => {
          if (value) submit(next.id ? { answers: { ...answer.answers, [next.id]: value } } : { comment: value });
          advance(next);
        }));
        if (done) slot.firstChild.focus();
      } else {
        body.remove();
        said.textContent = thanks;
        close.focus();
      }
    };

    const block = (question, give) => {
      const made = [element("h2", { id: `asked-${question.id}`, tabindex: -1 }, question.text)];
      if (!question.options.length) return [...made, ...field(question, longest, texts.send, give)];
      made.push(...scale(question, give));
      if (question !== first) {
        const skip = element("button", { type: "button", class: "skip" }, texts.skip);
        skip.addEventListener("click", give);
        made.push(skip);
      }
      return made;
    };

    const slot = element("div", { class: "slot" });
    const rated = ({ value, band: of }) => {
      band = of;
      submit({ rating: value });
      advance();
    };
    const body = element("div", {}, ...block(first, rated), slot);
    const said = element("p", { role: "status" });
    refused.set(id, () => {
      said.textContent = texts.refused;
    });

    const host = element("hearback-survey");
    const leave = () => {
      view.dismissed = !view.started;
      host.remove();
    };
    const close = element("button", { type: "button", class: "close", "aria-label": texts.close }, "×");
    close.addEventListener("click", leave);
    const card = element("section", { lang, dir: "auto", "aria-label": brand.name }, body, said, close);
    card.addEventListener("keydown", ({ key: pressed }) => pressed === "Escape" && leave());

    const root = host.attachShadow({ mode: "open" });
    const css =
      `${"widget.css"}:host{--brand:var(--hearback-brand,${brand.colour});` +
      `--on-brand:var(--hearback-on-brand,${brand.on_colour})}`;
    if (root.adoptedStyleSheets) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
    } else root.append(element("style", {}, css));
    root.append(card);
    document.body.append(host);
    stored((storage) => storage.setItem(SEEN, Date.now()));

    // What became of the view is told when the page goes out of sight, if the survey counts views at all.
    let told;
    addEventListener("visibilitychange", () => {
      const text = JSON.stringify(view);
      if (funnel && document.hidden && text !== told) post("views", token, (told = text)).catch(() => {});
    });
    return host;
  };

  // ---- When, and whom ----

  const SEEN = "hearback/seen";
  const drawn = () => {
    const name = `hearback/draw/${survey}`;
    const draw = 100 * Math.random();
    return stored((storage) => storage.getItem(name) ?? (storage.setItem(name, draw), draw)) ?? draw;
  };
  const wanted = () =>
    (!url || new RegExp(url).test(location.href)) &&
    !(Date.now() - stored((storage) => storage.getItem(SEEN)) < again * DAY) &&
    (!sample || drawn() < sample);

  let busy = false; // from the moment a survey is to be shown until its card is gone
  let host; // the card; none while it loads
  const present = async ({ token = settings.token, ...given }) => {
    busy = true;
    if (!token && !wanted()) return;
    const language = locale || document.documentElement.lang || navigator.language;
    const answer = await fetch(address("widget", token, { locale: language }), { credentials: "omit" }).catch(
      () => ({}), // no network: nothing to show, and the answers of earlier visits wait on
    );
    const { ok, status } = answer;
    if (ok) {
      const card = (host = show(await answer.json(), token, given));
      // The page may take the card away as well, so it is looked after rather than told.
      await new Promise((gone) => {
        const watch = setInterval(() => card.isConnected || gone(clearInterval(watch)), 500);
      });
    } else if (status && status < 500 && status !== 429)
      complain(`survey "${survey}" is not shown: ${await reason(answer)}`);
  };

  // One card at a time, of all surveys of a page; a survey that is on, or waits for its turn, is not asked once more.
  let begun = false;
  const begin = (given = {}) => {
    begun = true;
    if (busy && host?.isConnected !== false) return;
    busy = true;
    host = undefined;
    hearback.turn = Promise.resolve(hearback.turn)
      .then(() => present(given))
      .catch(complain)
      .finally(() => (busy = false));
  };
  const trigger = () => begun || begin();

  const start = () => {
    recall();
    sendAll();
    // Calls for a survey whose tag is yet to load stay in the queue, from which that tag takes them.
    const calls = (hearback.q ||= []);
    const others = hearback.ask || ((...call) => hearback.q.push(call));
    hearback.ask = (name, given) => (name === survey ? begin(given) : others(name, given));
    for (const call of calls.splice(0)) hearback.ask(...call);

    if (after) setTimeout(trigger, after * 1000);
    if (scroll)
      addEventListener("scroll", () => {
        if ((scrollY + innerHeight) * 100 >= document.documentElement.scrollHeight * scroll) trigger();
      });
    if ("exit" in settings)
      document.documentElement.addEventListener("mouseleave", ({ clientY }) => clientY <= 0 && trigger());
    if (!after && !scroll && !("exit" in settings) && !("ask" in settings)) trigger();
  };
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
