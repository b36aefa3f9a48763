  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const data = (id) => JSON.parse(byId(id).textContent);
  const kept = {
    // a page opened from disk may have no storage
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* it lasts as long as the page */ } },
  };
  const listeners = [];
  const atStart = [];
  const tags = data("languages");
  const codes = Object.keys(tags);
  const language = () => root.dataset.lang;

  function speak(lang) {
    root.dataset.lang = lang;
    root.lang = tags[lang];
    for (const listener of listeners) listener();
  }
  const wanted = kept.get("mkt-language") || (navigator.language || "").slice(0, 2);
  byId("language").addEventListener("click", () => {
    const lang = codes[(codes.indexOf(language()) + 1) % codes.length];
    kept.set("mkt-language", lang);
    speak(lang);
  });

  const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : darkByDefault.matches);
  if (["light", "dark"].includes(kept.get("mkt-theme"))) root.dataset.theme = kept.get("mkt-theme");
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept.set("mkt-theme", root.dataset.theme);
    for (const listener of listeners) listener();
  });
  darkByDefault.addEventListener("change", () => { for (const listener of listeners) listener(); });

