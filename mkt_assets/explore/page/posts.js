
  // ---- the posts that match
  const list = byId("list");
  const checked = new Set();

  function picture(item, name) {
    return element("img", { src: `thumbnail/${item}`, alt: name, loading: "lazy", decoding: "async" });
  }

  function nameFor(modality, identity) {
    return identity ? nameOf[modality].get(identity) || identity : t(modality === "image" ? "none_style" : "none_topic");
  }
  const narrow = (key, identity, text) =>
    element("button", { type: "button", className: `chip ${key}`, textContent: text, title: t(`only_${key}`), onclick: () => change({ [key]: identity || "none" }) });

  function pictures(post) {
    return post.pictures.filter((one) => one.has_matte).map((one) => {
      const name = nameFor("image", one.identity);
      const figure = element("figure", {}, picture(one.item, t("picture_of", { style: name, date: post.crawl_date })));
      figure.append(narrow("style", one.identity, name));
      if (one.verdict !== "rejected") {
        figure.append(element("button", { type: "button", className: "like", textContent: t("like"), onclick: () => change({ like: one.key, sort: "" }) }));
      }
      return figure;
    });
  }

  function row(post) {
    const box = element("input", { type: "checkbox", checked: checked.has(post.id) });
    box.setAttribute("aria-label", t("choose"));
    box.addEventListener("change", () => { if (box.checked) checked.add(post.id); else checked.delete(post.id); });
    const counts = post.likes === null ? [] : [t("likes_collects", {
      likes: `${post.at_least ? "≥ " : ""}${number(post.likes)}`, collects: post.collects === null ? "-" : number(post.collects),
    })];
    const facts = [t("crawled", { date: post.crawl_date }), ...(post.date ? [t("published", { date: post.date })] : []), ...counts];
    if (post.similarity !== null && asked.like) facts.unshift(t("similarity", { x: post.similarity.toFixed(2) }));
    const line = element("p", { className: "quiet facts" }, facts.join(" · ") + " ");
    if (post.account) line.append(element("button", { type: "button", className: "chip", textContent: t("account_named", { n: post.account }), onclick: () => change({ account: post.account }) }), " ");
    line.append(narrow("topic", post.topic, nameFor("text", post.topic)), " ");
    for (const tag of post.tags) line.append(element("button", { type: "button", className: "chip tag", textContent: tag, onclick: () => change({ tag }) }), " ");
    if (post.url) line.append(element("a", { href: post.url, target: "_blank", rel: "noopener noreferrer", textContent: t("open") }));
    const text = element("p", { className: "caption", textContent: post.caption || t("no_caption") });
    const told = post.pictures.filter((one) => one.reason).map((one) =>
      element("p", { className: "quiet", textContent: t(one.verdict === "rejected" ? "unusable" : "flagged", { reason: one.reason }) }));
    const item = element("li", {}, box, element("div", { className: "shots" }, ...pictures(post)), element("div", { className: "told" }, text, line, ...told));
    item.dataset.post = post.id;
    return item;
  }

  function showPosts(isMore) {
    const focused = document.activeElement && list.contains(document.activeElement);
    if (isMore) list.append(...answer.posts.slice(list.children.length).map(row));
    else list.replaceChildren(...answer.posts.map(row));
    byId("more").hidden = answer.posts.length >= answer.n_posts;
    if (focused && !isMore) byId("count").scrollIntoView({ block: "nearest" });
  }
  answerListeners.push((isMore) => {
    // only what one can see is tagged
    if (!isMore) checked.clear();
    showPosts(isMore);
  });
  listeners.push(() => showPosts(false));

  byId("more").addEventListener("click", async () => {
    try {
      const before = answer;
      const next = await ask(`api/posts?${queryOf({ offset: before.posts.length })}`);
      if (answer !== before) return;
      answer = { ...before, posts: [...before.posts, ...next.posts] };
      for (const listener of answerListeners) listener(true);
    } catch (error) {
      tell(error);
    }
  });
