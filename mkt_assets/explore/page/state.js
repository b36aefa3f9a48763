
  // ---- what is asked: in the fields, in the page's address, and of the server; the newest question wins
  const fields = byId("filters");
  const NAMES = ["words", "crawl_date", "style", "topic", "tag", "verdict", "likes", "account"];
  const start = { accounts: [], clusters: { image: [], text: [] }, dates: [], tags: {}, not_placed: [] };
  const nameOf = { image: new Map(), text: new Map() };
  let asked = { map: "image" };
  let answer = { items: [], posts: [], n_posts: 0 };
  const answerListeners = [];

  async function ask(address, options) {
    let response;
    try {
      response = await fetch(address, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error(t("trouble_server"));
    }
    const value = await response.json();
    if (!response.ok) throw new Error(value.error);
    // numbers of items are of one snapshot: when another one is published, everything is asked for again
    if (start.snapshot && value.snapshot && value.snapshot !== start.snapshot) location.reload();
    return value;
  }
  function tell(error) {
    if (error && error.name === "AbortError") return;
    byId("trouble").hidden = !error;
    byId("trouble").textContent = error ? error.message : "";
  }

  const queryOf = (more = {}) => {
    const all = { ...asked, sort: asked.sort || "", ...more };
    return new URLSearchParams(Object.entries(all).filter(([, value]) => value !== "" && value !== undefined && value !== null));
  };

  function fromAddress() {
    asked = { map: "image", ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };
    for (const name of NAMES) fields.elements[name].value = asked[name] || "";
    for (const radio of document.querySelectorAll('[name="what"]')) radio.checked = radio.value === asked.map;
  }

  let running = null;
  async function refresh() {
    if (running) running.abort();
    const mine = (running = new AbortController());
    byId("list").setAttribute("aria-busy", "true");
    try {
      const value = await ask(`api/posts?${queryOf()}`, { signal: mine.signal });
      if (mine !== running) return;
      answer = value;
      tell(null);
      showCount();
      for (const listener of answerListeners) listener(false);
    } catch (error) {
      tell(error);
    } finally {
      if (mine === running) byId("list").removeAttribute("aria-busy");
    }
  }

  // a change by the reader: kept in the address, so that it can be sent and gone back to
  function change(changes) {
    asked = { ...asked, ...changes };
    if (!asked.like && asked.sort === "similar") asked.sort = "";
    const address = `#${queryOf()}`;
    if (address !== location.hash) history.pushState(null, "", address);
    fromAddress();
    return refresh();
  }

  function showCount() {
    const { n_distinct_posts: posts, n_accounts: accounts, largest_share: share } = answer;
    const blanks = { posts: number(posts), accounts: number(accounts), share };
    let key = "count";
    if (!posts) key = "nothing";
    else if (!accounts) key = "count_none";
    else if (accounts === 1) key = "count_one";
    else if (share !== null) key = "count_largest";
    byId("count").textContent = t(key, blanks);
    const chosen = [];
    if (asked.lasso) chosen.push(["lasso", t("lasso_chosen")]);
    if (asked.like) chosen.push(["like", t("like_chosen", { item: asked.like.split("/").slice(1).join(" · ") })]);
    byId("chosen").replaceChildren(
      ...chosen.map(([name, text]) =>
        element("button", { type: "button", className: "chip", textContent: `${text} ×`, onclick: () => change({ [name]: "" }) })),
    );
    byId("clear").hidden = ![...NAMES, "lasso", "like"].some((name) => asked[name]);
    byId("csv").href = `posts.csv?${queryOf()}`;
    const report = byId("report");
    const day = asked.crawl_date || (start.dates.length ? start.dates[start.dates.length - 1][0] : "");
    report.hidden = !day;
    report.textContent = t("report", { date: day });
    report.href = `reports/${day}/report.html`;
  }

  function fillMenus() {
    const fill = (name, options) => {
      const menu = fields.elements[name];
      const chosen = asked[name] || "";
      menu.replaceChildren(option("", t("any")), ...options);
      menu.value = chosen;
      if (menu.value !== chosen) { menu.append(option(chosen, chosen)); menu.value = chosen; }
    };
    fill("crawl_date", start.dates.map(([day, n]) => option(day, `${day} (${number(n)})`)));
    for (const [name, modality] of [["style", "image"], ["topic", "text"]]) {
      fill(name, [
        ...start.clusters[modality].map(([id, text, n]) => option(id, `${text} (${number(n)})`)),
        option("none", t(`none_${name}`)),
      ]);
    }
    fill("account", start.accounts.map(([account, n]) => option(account, `${account} (${number(n)})`)));
    fill("tag", Object.entries(start.tags).map(([tag, n]) => option(tag, `${tag} (${number(n)})`)));
    fill("verdict", ["kept", "flagged", "rejected"].map((verdict) => option(verdict, t(`verdict_${verdict}`))));
    byId("tag-names").replaceChildren(...Object.keys(start.tags).map((tag) => option(tag, "")));
    byId("totals").textContent = t("totals", {
      posts: number(start.n_distinct_posts || 0), accounts: number(start.n_accounts || 0), dates: number(start.dates.length),
    });
    const sorts = ["typical", "likes", "date", ...(asked.like ? ["similar"] : [])];
    byId("sort").replaceChildren(...sorts.map((sort) => option(sort, t(`sort_${sort}`))));
    byId("sort").value = asked.sort || (asked.like ? "similar" : "typical");
    const days = start.not_placed.filter(([modality]) => modality === asked.map).map(([, day, n]) => `${day} (${number(n)})`);
    byId("not-placed").hidden = !days.length;
    byId("not-placed").textContent = t("not_placed", { days: days.join(", ") });
  }

  let typing = 0;
  let typed = {};
  fields.addEventListener("submit", (event) => event.preventDefault());
  fields.addEventListener("input", (event) => {
    clearTimeout(typing);
    const { name, value, type, validity } = event.target;
    if (validity.valid) typed[name] = value;
    typing = setTimeout(() => {
      const changes = typed;
      typed = {};
      change(changes);
    }, type === "search" || type === "number" ? 250 : 0);
  });
  byId("clear").addEventListener("click", () =>
    change(Object.fromEntries([...NAMES, "lasso", "like", "sort"].map((name) => [name, ""]))));
  byId("sort").addEventListener("change", () => change({ sort: byId("sort").value }));
  addEventListener("popstate", () => { fromAddress(); refresh(); });
  answerListeners.push(fillMenus);
  listeners.push(() => { fillMenus(); if (answer.posts.length || answer.n_posts === 0) showCount(); });
