
  // ---- words in the reader's language
  const words = data("words-data");
  const t = (key, blanks = {}) =>
    words[language()][key].replace(/\{(\w+)\}/g, (_, name) => String(blanks[name]));
  const number = (value) => Number(value).toLocaleString(root.lang);
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const option = (value, text) => element("option", { value, textContent: text });

  listeners.push(() => {
    for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
    document.title = t("title");
    byId("language").textContent = words[codes[(codes.indexOf(language()) + 1) % codes.length]].language;
    byId("tag-name").placeholder = t("tag_name");
    byId("tag-name").title = t("tag_all");
    byId("tag-name").setAttribute("aria-label", t("tag_name"));
  });
