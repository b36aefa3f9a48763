  // ---- the map
  const canvas = byId("map-canvas");
  if (canvas) {
    const maps = data("map-data");
    const card = byId("map-card");
    const filter = byId("map-filter");
    const context = canvas.getContext("2d");
    const sprites = {};
    let modality = document.querySelector('[name="map-what"]:checked').value;
    let hit = -1;
    let pinned = false;

    const { view, side, toScreen, look, whole, nearest, label } = plane(canvas, 0.5, 40, {
      left: () => { pinned = false; open(-1); },
      moved(isFar) {
        if (isFar) { card.hidden = true; hit = -1; pinned = false; }
        draw();
      },
      hovered(x, y) { if (!pinned) { const i = near(x, y, 16); if (i !== hit) open(i); } },
      clicked(x, y) { const i = near(x, y, 22); pinned = i >= 0; open(i); },
      entered(x, y) { pinned = true; open(near(x, y, Infinity)); },
      escaped() { pinned = false; open(-1); },
    });
    const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
    const isShown = (i) =>
      (filter.value === "" || String(maps[modality].cluster[i]) === filter.value) && inFilter(maps[modality].post[i]);

    function sprite() {
      const made = maps[modality].sprite;
      if (!made) return null;
      if (!sprites[modality]) {
        sprites[modality] = new Image();
        sprites[modality].addEventListener("load", draw);
        sprites[modality].src = made.src;
      }
      return sprites[modality].complete ? sprites[modality] : null;
    }

    function draw() {
      const ratio = window.devicePixelRatio || 1;
      const width = Math.round(canvas.clientWidth * ratio);
      const height = Math.round(canvas.clientHeight * ratio);
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
      const map = maps[modality];
      const image = view.zoom >= 2.5 ? sprite() : null;
      const tile = Math.min(72, 13 * view.zoom);
      for (const front of [false, true]) {
        for (let i = 0; i < map.x.length; i++) {
          if (isShown(i) !== front) continue;
          const [x, y] = toScreen(map.x[i], map.y[i]);
          if (x < -80 || y < -80 || x > canvas.clientWidth + 80 || y > canvas.clientHeight + 80) continue;
          context.globalAlpha = front ? 0.9 : 0.12;
          if (image && front) {
            const { columns, width: w, height: h } = map.sprite;
            context.fillStyle = map.colour[map.cluster[i]];
            context.fillRect(x - tile / 2 - 2, y - (tile * 2) / 3 - 2, tile + 4, (tile * 4) / 3 + 4);
            context.fillStyle = colour("--tile");
            context.fillRect(x - tile / 2, y - (tile * 2) / 3, tile, (tile * 4) / 3);
            context.drawImage(image, (i % columns) * w, Math.floor(i / columns) * h, w, h, x - tile / 2, y - (tile * 2) / 3, tile, (tile * 4) / 3);
          } else {
            context.beginPath();
            context.arc(x, y, Math.min(9, 3.2 + Math.sqrt(map.n[i]) * 0.6 + view.zoom * 0.3), 0, 2 * Math.PI);
            context.fillStyle = map.colour[map.cluster[i]];
            context.fill();
          }
        }
      }
      context.globalAlpha = 1;
      canvas.dataset.shown = [...map.x.keys()].filter(isShown).length;
      label(context, names(map));
      if (hit >= 0) {
        const [x, y] = toScreen(map.x[hit], map.y[hit]);
        context.beginPath();
        context.arc(x, y, 11, 0, 2 * Math.PI);
        context.strokeStyle = colour("--ink");
        context.lineWidth = 2;
        context.stroke();
      }
    }

    // names of the clusters that are shown, the largest first, where they are
    const names = (map) => map.order
      .filter((cluster) => filter.value === "" || String(cluster) === filter.value)
      .map((cluster) => [map.name[cluster][language()], centre(map, cluster)]);

    const centres = {};
    function centre(map, cluster) {
      const key = modality + cluster;
      if (!centres[key]) {
        const members = [...map.cluster.keys()].filter((i) => map.cluster[i] === cluster);
        const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
        centres[key] = [middle(members.map((i) => map.x[i])), middle(members.map((i) => map.y[i]))];
      }
      return centres[key];
    }

    const near = (x, y, reach) => nearest(maps[modality], isShown, x, y, reach);

    function open(i) {
      hit = i;
      card.hidden = i < 0;
      if (i >= 0) {
        const map = maps[modality];
        const parts = [];
        if (map.sprite) {
          const { columns, width: w, height: h, src } = map.sprite;
          const swatch = document.createElement("div");
          swatch.className = "swatch";
          swatch.style.backgroundImage = `url(${src})`;
          swatch.style.backgroundPosition = `-${(i % columns) * w}px -${Math.floor(i / columns) * h}px`;
          parts.push(swatch);
        }
        const title = document.createElement("b");
        title.textContent = map.name[map.cluster[i]][language()];
        const caption = document.createElement("p");
        caption.textContent = map.caption[i];
        parts.push(title, caption);
        if (map.url[i]) {
          const link = document.createElement("a");
          link.href = map.url[i];
          link.target = "_blank";
          link.rel = "noopener noreferrer";
          link.textContent = maps.strings.open_post[language()];
          parts.push(link);
        }
        const similar = document.createElement("a");
        similar.className = "to-posts";
        const kind = modality === "image" ? "style" : "topic";
        const told = known[kind][map.cluster[i]];
        if (told) {
          similar.href = hashOf({ [kind]: lasting(kind, String(map.cluster[i])) });
          similar.textContent = counted(told.told[0], "post");
          parts.push(similar);
        }
        card.replaceChildren(...parts);
        const [x, y] = toScreen(map.x[i], map.y[i]);
        card.style.left = `${Math.max(6, Math.min(x + 14, canvas.clientWidth - 218))}px`;
        card.style.top = `${Math.max(6, Math.min(y + 14, canvas.clientHeight - card.offsetHeight - 6))}px`;
      }
      draw();
    }

    // a choice that is all in view is seen where it is, among the others; any other one is brought into view
    function frame() {
      const map = maps[modality];
      const shown = [...map.x.keys()].filter(isShown);
      const inView = ([x, y]) => x >= 9 && y >= 9 && x <= canvas.clientWidth - 9 && y <= canvas.clientHeight - 9;
      if (shown.every((i) => inView(toScreen(map.x[i], map.y[i])))) return;
      if (filter.value === "") { whole(); return; }
      const ends = (values) => shown.reduce(([low, high], i) => [Math.min(low, values[i]), Math.max(high, values[i])], [1, 0]);
      const [left, right] = ends(map.x);
      const [top, bottom] = ends(map.y);
      const fit = (length, span) => (length - 112) / (side() * Math.max(span, 1e-6));
      const zoom = Math.min(6, fit(canvas.clientWidth, right - left), fit(canvas.clientHeight, bottom - top));
      look((left + right) / 2, (top + bottom) / 2, Math.max(1, zoom));
    }

    function fillFilter() {
      const map = maps[modality];
      const chosen = filter.value;
      const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
      filter.replaceChildren(
        option("", maps.strings.map_all[language()]),
        ...map.order.map((c) => option(String(c), map.name[c][language()])),
      );
      filter.value = [...filter.options].some((o) => o.value === chosen) ? chosen : "";
    }
    filter.addEventListener("change", () => { pinned = false; frame(); open(-1); });
    byId("map-reset").addEventListener("click", () => { whole(); filter.value = ""; pinned = false; open(-1); });
    for (const radio of document.querySelectorAll('[name="map-what"]')) {
      radio.addEventListener("change", () => {
        modality = radio.value;
        for (const lead of document.querySelectorAll("[data-map]")) lead.hidden = lead.dataset.map !== modality;
        whole();
        filter.value = "";
        fillFilter();
        pinned = false;
        open(-1);
      });
    }
    filterListeners.push(() => { pinned = false; open(-1); });
    listeners.push(() => { fillFilter(); open(hit); });
    new ResizeObserver(draw).observe(canvas);
    fillFilter();
  }

