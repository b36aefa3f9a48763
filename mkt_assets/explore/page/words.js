  // ---- words in the reader's language, light or dark
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const words = JSON.parse(byId("words-data").textContent);
  const codes = Object.keys(words);
  const kept = {
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* it lasts as long as the page */ } },
  };
  const listeners = [];
  const t = (key, blanks = {}) =>
    words[root.dataset.lang][key].replace(/\{(\w+)\}/g, (_, name) => String(blanks[name]));
  const number = (value) => Number(value).toLocaleString(root.lang);
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const option = (value, text) => element("option", { value, textContent: text });

  function speak(code) {
    root.dataset.lang = code;
    root.lang = words[code].language_tag;
    for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
    document.title = t("title");
    byId("language").textContent = words[codes[(codes.indexOf(code) + 1) % codes.length]].language;
    byId("tag-name").placeholder = t("tag_name");
    byId("tag-name").title = t("tag_all");
    byId("tag-name").setAttribute("aria-label", t("tag_name"));
    for (const listener of listeners) listener();
  }
  byId("language").addEventListener("click", () => {
    const code = codes[(codes.indexOf(root.dataset.lang) + 1) % codes.length];
    kept.set("mkt-language", code);
    speak(code);
  });
  const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
  if (["light", "dark"].includes(kept.get("mkt-theme"))) root.dataset.theme = kept.get("mkt-theme");
  byId("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : darkByDefault.matches;
    root.dataset.theme = isDark ? "light" : "dark";
    kept.set("mkt-theme", root.dataset.theme);
    for (const listener of listeners) listener();
  });
  darkByDefault.addEventListener("change", () => { for (const listener of listeners) listener(); });
