  // ---- the cross table
  const heat = byId("heat");
  if (heat) {
    const sentences = data("cross-data");
    const detail = byId("heat-detail");
    let current = heat.querySelector("td[data-at]");
    current.tabIndex = 0;
    const tell = (cell) => {
      const sentence = sentences[cell.dataset.at];
      detail.textContent = sentence ? sentence[language()] : "\u00a0";
    };
    const cells = (row) => [...row.querySelectorAll("td[data-at]")];
    const go = (cell) => {
      if (!cell) return;
      current.tabIndex = -1;
      current = cell;
      current.tabIndex = 0;
      current.focus();
    };
    heat.addEventListener("mouseover", (event) => { const cell = event.target.closest("td[data-at]"); if (cell) tell(cell); });
    heat.addEventListener("focusin", (event) => { const cell = event.target.closest("td[data-at]"); if (cell) tell(cell); });
    heat.addEventListener("click", (event) => {
      const cell = event.target.closest("td[data-at]");
      go(cell);
      if (cell) openCell(cell);
    });
    heat.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td[data-at]");
      if (!cell) return;
      const row = cell.parentElement;
      const at = cells(row).indexOf(cell);
      const next = {
        ArrowLeft: () => cells(row)[at - 1],
        ArrowRight: () => cells(row)[at + 1],
        ArrowUp: () => row.previousElementSibling && cells(row.previousElementSibling)[at],
        ArrowDown: () => row.nextElementSibling && cells(row.nextElementSibling)[at],
      }[event.key];
      if (event.key === "Enter") openCell(cell);
      if (next) { event.preventDefault(); go(next()); }
    });
    listeners.push(() => tell(current));
    for (const radio of document.querySelectorAll('[name="heat-show"]')) {
      radio.addEventListener("change", () => {
        const lift = radio.value === "lift_word";
        heat.classList.toggle("lift", lift);
        for (const cell of heat.querySelectorAll("td[data-share]")) {
          cell.textContent = lift ? cell.dataset.lift : cell.dataset.share;
        }
      });
    }
    for (const radio of document.querySelectorAll('[name="heat-sort"]')) {
      radio.addEventListener("change", () => {
        const key = radio.value === "by_link" ? "link" : "size";
        const body = heat.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => a.dataset[key] - b.dataset[key]));
      });
    }
  }

