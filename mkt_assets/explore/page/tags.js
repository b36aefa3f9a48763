
  // ---- tags: of the posts with a check mark, or of all that match
  async function tagPosts(give) {
    const tag = byId("tag-name").value.trim();
    if (!tag) { byId("tag-name").focus(); return; }
    if (give && !checked.size && !confirm(t("tag_sure", { n: number(answer.n_distinct_posts) }))) return;
    const which = checked.size ? { posts: [...checked] } : { query: Object.fromEntries(queryOf()) };
    try {
      const told = await ask("api/tags", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ tag, give, ...which }),
      });
      Object.assign(start, await ask("api/start"));
      await refresh();
      byId("tag-told").textContent = t("tag_told", { n: number(told.n_posts), tag });
    } catch (error) {
      tell(error);
    }
  }
  byId("tag-give").addEventListener("click", () => tagPosts(true));
  byId("tag-take").addEventListener("click", () => tagPosts(false));
  byId("tag-name").addEventListener("keydown", (event) => { if (event.key === "Enter") tagPosts(true); });
