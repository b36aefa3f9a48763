  // ---- which posts are meant: what stands in the page's address, and the posts that it names
  // Not here: showing posts (panel.js). A style or topic is named by its lasting id, or by this crawl's number.
  const known = data("selection-data");
  const KEYS = ["style", "topic", "account", "likes", "q", "new", "refused", "in"];
  const words = (key, values = {}) =>
    known.strings[key][language()].replace(/\{(\w+)\}/g, (blank, name) => (name in values ? values[name] : blank));
  const number = (n) => n.toLocaleString("en");
  const counted = (n, noun) => words(`${noun}_${n === 1 ? 1 : 2}`, { n: number(n) });

  const selectionOf = (hash) =>
    Object.fromEntries([...new URLSearchParams(hash.replace(/^#/, ""))].filter(([key, value]) => KEYS.includes(key) && value !== ""));
  const hashOf = (selection) => {
    const named = KEYS.filter((key) => selection[key]).map((key) => [key, selection[key]]);
    return named.length ? `#${new URLSearchParams(named)}` : "";
  };
  const isEmpty = (selection) => !KEYS.some((key) => key !== "in" && selection[key]);

  // the number of a style or topic; null without one, undefined for one that this crawl has not
  const numberOf = (kind, name) => {
    if (!name) return null;
    if (Object.hasOwn(known[kind], name)) return name;
    return Object.keys(known[kind]).find((n) => known[kind][n].id === name);
  };
  const nameOf = (kind, n) => known[kind][n].name[language()];
  const lasting = (kind, n) => known[kind][n].id || n;

  // the posts are many: they are read when they are first asked for
  let readPosts = null;
  function posts() {
    if (!readPosts) {
      readPosts = data("posts-data");
      readPosts.lower = readPosts.caption.map((caption) => caption.toLowerCase());
      readPosts.more = new Set(readPosts.at_least);
    }
    return readPosts;
  }
  const urlOf = (i) => (posts().url[i] === 1 ? posts().prefix + posts().id[i] : posts().url[i]);
  // a number of the page; none where no account is known
  const accountOf = (i) => (posts().account[i] ? String(posts().account[i]) : "");

  // indices of the posts of a selection; what it does not name does not matter
  function found(selection) {
    const style = numberOf("style", selection.style);
    const topic = numberOf("topic", selection.topic);
    if (style === undefined || topic === undefined) return [];
    const all = posts();
    const text = (selection.q || "").trim().toLowerCase();
    const account = (selection.account || "").trim();
    const least = Number(selection.likes) || 0;
    const fresh = selection.new ? new Set(known[style === null ? "topic" : "style"][style === null ? topic : style]?.new) : null;
    const is = (pairs, n) => n === null || pairs.some(([own]) => String(own) === n);
    return [...all.id.keys()].filter((i) =>
      is(all.styles[i], style) && is(all.topics[i], topic)
      && (!text || all.lower[i].includes(text))
      && (!account || accountOf(i) === account)
      && (!least || (all.likes[i] ?? -1) >= least)
      && (!fresh || fresh.has(i)));
  }

  // what is told of a selection: posts, accounts, the largest account's share; of all posts, also of those not in the page
  function toldOf(selection, indices) {
    const style = numberOf("style", selection.style);
    const topic = numberOf("topic", selection.topic);
    const plain = !selection.q && !selection.account && !selection.likes;
    if (plain && selection.new) return { n: known[style ? "style" : "topic"][style ?? topic]?.n_new ?? 0, ...counts(indices) };
    if (plain && style && topic) return exactly(known.pairs[`${style},${topic}`] || [0, 0, null]);
    if (plain && style) return exactly(known.style[style].told);
    if (plain && topic) return exactly(known.topic[topic].told);
    return { n: indices.length, ...counts(indices), partly: known.n_shown < known.n_posts };
  }
  const exactly = ([n, accounts, largest]) => ({ n, accounts, largest });
  function counts(indices) {
    const of = new Map();
    for (const i of indices) of.set(posts().account[i], (of.get(posts().account[i]) || 0) + 1);
    const largest = of.size > 1 ? `${Math.round((100 * Math.max(...of.values())) / indices.length)}%` : null;
    return { accounts: of.size, largest };
  }

  // ---- the filter of the whole page: null, or the posts that are left
  let pageFilter = {};
  let left = null;
  const filterListeners = [];
  const inFilter = (i) => left === null || left.has(i);
