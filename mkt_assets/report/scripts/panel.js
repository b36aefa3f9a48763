  // ---- the posts of a finding, and the search
  // Not here: which posts a selection names (selection.js).
  const panel = byId("posts");
  const list = byId("posts-list");
  const sorting = byId("posts-sort");
  const STEP = 40;
  let inPanel = { selection: {}, indices: [], shown: 0 };

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const sheets = {};
  function thumbnail(place) {
    const { per, columns, width, height } = known.sheet;
    const canvas = element("canvas", { width, height, className: "thumb" });
    canvas.setAttribute("aria-hidden", "true");
    if (place < 0) return canvas;
    const name = `sheet-${Math.floor(place / per)}`;
    if (!sheets[name]) {
      sheets[name] = new Image();
      sheets[name].src = data(name);
    }
    const at = place % per;
    const paint = () => canvas.getContext("2d").drawImage(
      sheets[name], (at % columns) * width, Math.floor(at / columns) * height, width, height, 0, 0, width, height,
    );
    if (sheets[name].complete) paint();
    else sheets[name].addEventListener("load", paint, { once: true });
    return canvas;
  }

  // the best rank within what is selected, or else within any style or topic of the post
  function rankOf(i, selection) {
    const style = numberOf("style", selection.style);
    const topic = numberOf("topic", selection.topic);
    const of = (pairs, n) => pairs.filter(([own]) => n === null || String(own) === n).map(([, rank]) => rank);
    const styles = of(posts().styles[i], style);
    const topics = of(posts().topics[i], topic);
    if (style !== null && topic !== null) return Math.min(...styles) + Math.min(...topics);
    if (style !== null) return Math.min(...styles);
    if (topic !== null) return Math.min(...topics);
    return Math.min(...styles, ...topics);
  }
  function sorted(indices, selection) {
    const all = posts();
    const by = {
      by_typicality: (i) => rankOf(i, selection),
      by_likes: (i) => -(all.likes[i] ?? -1),
      by_date: (i) => -Number((all.date[i] || "").replaceAll("-", "")),
    }[sorting.value];
    const keys = new Map(indices.map((i) => [i, by(i)]));
    return [...indices].sort((a, b) => keys.get(a) - keys.get(b) || a - b);
  }

  const link = (url) => element("a", { href: url, target: "_blank", rel: "noopener noreferrer", textContent: known.strings.open_post[language()] });
  function entry(i, selection) {
    const all = posts();
    const style = numberOf("style", selection.style);
    const picture = all.styles[i].find(([own]) => style === null || String(own) === style);
    const likes = all.likes[i] === null ? "–" : number(all.likes[i]) + (all.more.has(i) ? "+" : "");
    const collects = all.collects[i] === null ? "–" : number(all.collects[i]);
    const facts = [all.date[i], words("likes_and_collects", { likes, collects })];
    if (accountOf(i)) facts.push(words("account_named", { name: accountOf(i) }));
    const foot = element("p", { className: "quiet", textContent: `${facts.filter(Boolean).join(" · ")} ` });
    if (urlOf(i)) foot.append(link(urlOf(i)));
    const caption = element("p", { className: "caption", lang: "zh", textContent: all.caption[i] || words("no_caption") });
    const made = element("li", {}, thumbnail(picture ? picture[2] : -1), element("div", {}, caption, foot));
    made.dataset.id = all.id[i];
    return made;
  }
  function refusedEntry([where, id]) {
    const i = id ? posts().id.indexOf(id) : -1;
    const made = i >= 0 ? entry(i, {}) : element("li", { className: "plain", textContent: id || "" });
    made.append(element("small", { textContent: ` ${where}` }));
    return made;
  }

  function showMore() {
    const { selection, indices, shown } = inPanel;
    const next = indices.slice(shown, shown + STEP);
    list.append(...next.map((one) => (selection.refused ? refusedEntry(one) : entry(one, selection))));
    inPanel.shown += next.length;
    const rest = indices.length - inPanel.shown;
    byId("posts-more").hidden = rest === 0;
    byId("posts-more").textContent = words("more_posts", { n: number(rest) });
  }

  function titleOf(selection) {
    const names = ["style", "topic"].filter((kind) => selection[kind] && numberOf(kind, selection[kind])).map((kind) => nameOf(kind, numberOf(kind, selection[kind])));
    const others = [selection.q && `“${selection.q}”`, selection.account && words("account_named", { name: selection.account }), selection.likes && `♥ ≥ ${selection.likes}`, selection.new && words("new_here")];
    return [...names, ...others.filter(Boolean)].join(" × ") || words("posts_panel");
  }

  function fill(selection) {
    const belief = byId("posts-belief");
    const cut = byId("posts-cut");
    const unknown = ["style", "topic"].some((kind) => numberOf(kind, selection[kind]) === undefined);
    byId("posts-copied").textContent = "";
    byId("posts-tools").hidden = Boolean(selection.refused);
    let n;
    if (selection.refused) {
      const group = known.refused[Number(selection.refused)];
      byId("posts-h").textContent = group ? `${group.reason[language()]} (${number(group.n)})` : words("no_posts_found");
      inPanel = { selection, indices: group ? group.of : [], shown: 0 };
      n = group ? group.n : 0;
      belief.hidden = true;
    } else {
      const indices = unknown ? [] : sorted(found(selection), selection);
      const told = unknown ? { n: 0, accounts: 0, largest: null } : toldOf(selection, indices);
      inPanel = { selection, indices, shown: 0 };
      n = told.partly ? indices.length : told.n;
      byId("posts-h").textContent = `${titleOf(selection)} (${counted(n, "post")})`;
      const at = `${numberOf("style", selection.style)},${numberOf("topic", selection.topic)}`;
      const isCell = selection.style && selection.topic && !selection.q && !selection.account && !selection.likes && !selection.new;
      const sentence = isCell && byId("cross-data") ? data("cross-data")[at] : null;
      const values = { posts: counted(told.n, "post"), accounts: counted(told.accounts, "account"), largest: told.largest };
      belief.textContent = sentence ? sentence[language()] : words(told.largest ? "rests_on_largest" : "rests_on", values);
      belief.hidden = n === 0;
      if (told.partly) n = null;
    }
    panel.dataset.n = n ?? inPanel.indices.length;
    const missing = n === null ? known.n_posts - known.n_shown : n - inPanel.indices.length;
    cut.hidden = missing <= 0 && !unknown && inPanel.indices.length > 0;
    cut.textContent = unknown ? words("not_here", { date: known.date })
      : missing > 0 ? words("not_in_page", n === null ? { shown: number(known.n_shown), all: number(known.n_posts), command: known.command } : { shown: number(inPanel.indices.length), all: number(n), command: known.command })
      : words("no_posts_found");
    list.replaceChildren();
    showMore();
  }

  // ---- copied or kept as CSV: exactly the posts that are listed; what a spreadsheet would take for a formula is text
  const csvCell = (value) => {
    const text = String(value ?? "");
    const safe = /^'*[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  function csv() {
    const all = posts();
    const rows = inPanel.indices.map((i) => [all.id[i], urlOf(i), accountOf(i), all.date[i], all.likes[i], all.collects[i], all.caption[i]]);
    const head = ["post_id", "post_url", "account", "published_at", "n_likes", "n_collects", "caption"];
    return [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
  }
  byId("posts-save").addEventListener("click", () => {
    // the mark of its encoding, without which Excel takes Chinese for something else
    const url = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv;charset=utf-8" }));
    element("a", { href: url, download: `posts-${known.date}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
  byId("posts-copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(csv());
    } catch {
      // not every browser lets a page from disk write the clipboard
      const area = element("textarea", { value: csv() });
      panel.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    byId("posts-copied").textContent = words("copied");
  });

  // ---- the search: styles, topics, cells and places on the map without any of the posts step back
  const inputs = Object.fromEntries(["q", "style", "topic", "account", "likes"].map((key) => [key, byId(`find-${key}`)]));
  function fillFinder() {
    const option = (value, text) => element("option", { value, textContent: text });
    for (const kind of ["style", "topic"]) {
      const of = Object.keys(known[kind]).sort((a, b) => known[kind][b].told[0] - known[kind][a].told[0]);
      inputs[kind].replaceChildren(option("", words("map_all")), ...of.map((n) => option(n, nameOf(kind, n))));
      inputs[kind].value = numberOf(kind, pageFilter[kind]) ?? "";
    }
    const chosen = sorting.value || "by_typicality";
    sorting.replaceChildren(...["by_typicality", "by_likes", "by_date"].map((by) => option(by, words(by))));
    sorting.value = chosen;
  }
  function applyFilter() {
    const isOn = !isEmpty(pageFilter);
    left = isOn ? new Set(found(pageFilter)) : null;
    root.classList.toggle("filtering", isOn);
    byId("found-bar").hidden = !isOn;
    if (isOn) byId("found-count").textContent = words("filtered", { n: number(left.size) });
    const of = { style: {}, topic: {}, cell: {} };
    for (const i of left || []) {
      const [styles, topics] = [posts().styles[i].map(([n]) => n), posts().topics[i].map(([n]) => n)];
      for (const n of styles) of.style[n] = (of.style[n] || 0) + 1;
      for (const n of topics) of.topic[n] = (of.topic[n] || 0) + 1;
      for (const s of styles) for (const t of topics) of.cell[`${s},${t}`] = (of.cell[`${s},${t}`] || 0) + 1;
    }
    for (const kind of ["style", "topic"]) {
      for (const card of document.querySelectorAll(`.card[data-${kind}]`)) {
        const n = of[kind][card.dataset[kind]] || 0;
        card.hidden = isOn && n === 0;
        const note = card.querySelector(".found");
        note.hidden = !isOn;
        note.textContent = isOn ? words("filtered", { n: number(n) }) : "";
      }
    }
    const ids = isOn ? new Set([...left].map((i) => posts().id[i])) : null;
    for (const one of document.querySelectorAll("[data-post]")) one.hidden = isOn && !ids.has(one.dataset.post);
    for (const td of document.querySelectorAll("#heat td[data-share]")) {
      td.classList.toggle("out", isOn && !of.cell[td.dataset.at]);
      if (isOn && of.cell[td.dataset.at]) td.dataset.found = of.cell[td.dataset.at];
      else delete td.dataset.found;
    }
    const text = (pageFilter.q || "").trim().toLowerCase();
    const named = text ? ["style", "topic"].flatMap((kind) => Object.keys(known[kind]).filter((n) => nameOf(kind, n).toLowerCase().includes(text)).map((n) => [kind, n])) : [];
    byId("find-named").hidden = named.length === 0;
    byId("find-named").replaceChildren(words("named_so"), " ", ...named.flatMap(([kind, n]) =>
      [element("a", { href: hashOf({ [kind]: lasting(kind, n) }), textContent: nameOf(kind, n) }), " "]));
    for (const listener of filterListeners) listener();
  }
  const here = () => location.href.split("#")[0];
  const visit = (selection, replaces = false) => {
    history[replaces ? "replaceState" : "pushState"](null, "", here() + hashOf(selection));
    route();
  };
  let typing = 0;
  const readFinder = () => {
    const now = { q: inputs.q.value, account: inputs.account.value, likes: inputs.likes.value, in: "page" };
    for (const kind of ["style", "topic"]) if (inputs[kind].value) now[kind] = lasting(kind, inputs[kind].value);
    // one step back for a search, not one for each of its letters
    visit(isEmpty(now) ? {} : now, !isEmpty(pageFilter));
  };
  for (const input of Object.values(inputs)) {
    input.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(readFinder, 150); });
  }
  byId("found-show").addEventListener("click", () => visit({ ...pageFilter, in: "" }));
  byId("found-clear").addEventListener("click", () => { visit({}); inputs.q.focus(); });

  // ---- the address says what is shown: words, accounts and likes filter the page; without in=page its posts are listed
  function route() {
    const selection = selectionOf(location.hash);
    const listed = isListing(selection);
    if (!listed || selection.q || selection.account || selection.likes) {
      const { in: _, ...filter } = selection;
      if (hashOf(filter) !== hashOf(pageFilter)) {
        pageFilter = filter;
        for (const key of ["q", "account", "likes"]) {
          if (inputs[key] !== document.activeElement) inputs[key].value = filter[key] || "";
        }
        for (const kind of ["style", "topic"]) inputs[kind].value = numberOf(kind, filter[kind]) ?? "";
        applyFilter();
      }
    }
    if (listed) {
      fill(selection);
      if (!panel.open) panel.showModal();
      panel.scrollTop = 0;
      byId("posts-h").focus();
    } else if (panel.open) {
      panel.close();
    }
  }
  const isListing = (selection) => !isEmpty(selection) && selection.in !== "page";
  const closed = () => {
    if (isListing(selectionOf(location.hash))) visit(isEmpty(pageFilter) ? {} : { ...pageFilter, in: "page" });
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); closed(); }
  });
  // the event comes later than the closing, when it may be open again
  panel.addEventListener("close", () => { if (!panel.open) closed(); });
  panel.addEventListener("click", (event) => { if (event.target === panel) closed(); });
  byId("posts-close").addEventListener("click", closed);
  byId("posts-more").addEventListener("click", showMore);
  sorting.addEventListener("change", () => fill(inPanel.selection));
  atStart.push(route);
  window.addEventListener("hashchange", route);
  window.addEventListener("popstate", route);
  listeners.push(() => {
    fillFinder();
    applyFilter();
    if (panel.open) fill(inPanel.selection);
  });
  // a cell of the cross table opens its posts, of those that the page is filtered to
  function openCell(cell) {
    const [style, topic] = cell.dataset.at.split(",");
    if (!cell.dataset.share) return;
    visit({ q: pageFilter.q, account: pageFilter.account, likes: pageFilter.likes, style: lasting("style", style), topic: lasting("topic", topic) });
  }
