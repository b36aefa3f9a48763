  // ---- the map
  const canvas = byId("map-canvas");
  if (canvas) {
    const maps = data("map-data");
    const card = byId("map-card");
    const filter = byId("map-filter");
    const context = canvas.getContext("2d");
    const sprites = {};
    let modality = document.querySelector('[name="map-what"]:checked').value;
    const [LEAST, MOST] = [0.8, 40];
    const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
    let view = { ...WHOLE };
    let hit = -1;
    let pinned = false;

    const side = () => Math.min(canvas.clientWidth, canvas.clientHeight) * 0.94;
    const toScreen = (x, y) => [
      canvas.clientWidth / 2 + (x - view.x) * side() * view.zoom,
      canvas.clientHeight / 2 + (y - view.y) * side() * view.zoom,
    ];
    const toMap = (sx, sy) => [
      view.x + (sx - canvas.clientWidth / 2) / (side() * view.zoom),
      view.y + (sy - canvas.clientHeight / 2) / (side() * view.zoom),
    ];
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
      label(map);
      if (hit >= 0) {
        const [x, y] = toScreen(map.x[hit], map.y[hit]);
        context.beginPath();
        context.arc(x, y, 11, 0, 2 * Math.PI);
        context.strokeStyle = colour("--ink");
        context.lineWidth = 2;
        context.stroke();
      }
    }

    // names of the largest clusters where they are, as far as they do not overlap
    function label(map) {
      context.font = "600 12px " + getComputedStyle(document.body).fontFamily;
      context.textAlign = "center";
      context.lineWidth = 4;
      const taken = [];
      for (const cluster of map.order) {
        if (filter.value !== "" && String(cluster) !== filter.value) continue;
        const [x, y] = toScreen(...centre(map, cluster));
        const name = map.name[cluster][language()];
        const half = context.measureText(name).width / 2 + 4;
        const box = [x - half, y - 9, x + half, y + 9];
        if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
        taken.push(box);
        context.strokeStyle = colour("--card");
        context.strokeText(name, x, y + 4);
        context.fillStyle = colour("--ink");
        context.fillText(name, x, y + 4);
      }
    }

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

    function nearest(sx, sy, reach) {
      const map = maps[modality];
      let best = -1;
      let least = reach * reach;
      for (let i = 0; i < map.x.length; i++) {
        if (!isShown(i)) continue;
        const [x, y] = toScreen(map.x[i], map.y[i]);
        const distance = (x - sx) ** 2 + (y - sy) ** 2;
        if (distance < least) { least = distance; best = i; }
      }
      return best;
    }

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

    // the middle of the view stays on the map, at most so far from the map's middle, so that no one loses it
    function look(x, y, zoom, reach = 0.5) {
      const onMap = (value) => Math.min(0.5 + reach, Math.max(0.5 - reach, value));
      view = { x: onMap(x), y: onMap(y), zoom };
    }

    // a choice that is all in view is seen where it is, among the others; any other one is brought into view
    function frame() {
      const map = maps[modality];
      const shown = [...map.x.keys()].filter(isShown);
      const inView = ([x, y]) => x >= 9 && y >= 9 && x <= canvas.clientWidth - 9 && y <= canvas.clientHeight - 9;
      if (shown.every((i) => inView(toScreen(map.x[i], map.y[i])))) return;
      if (filter.value === "") { view = { ...WHOLE }; return; }
      const ends = (values) => shown.reduce(([low, high], i) => [Math.min(low, values[i]), Math.max(high, values[i])], [1, 0]);
      const [left, right] = ends(map.x);
      const [top, bottom] = ends(map.y);
      const fit = (length, span) => (length - 112) / (side() * Math.max(span, 1e-6));
      const zoom = Math.min(6, fit(canvas.clientWidth, right - left), fit(canvas.clientHeight, bottom - top));
      look((left + right) / 2, (top + bottom) / 2, Math.max(1, zoom));
    }

    function zoomAt(sx, sy, factor) {
      const [x, y] = toMap(sx, sy);
      const zoom = Math.min(MOST, Math.max(LEAST, view.zoom * factor));
      // who zooms out ends with the whole map, in the middle
      const reach = factor < 1 ? 0.5 * (1 - LEAST / zoom) : 0.5;
      look(x - (sx - canvas.clientWidth / 2) / (side() * zoom), y - (sy - canvas.clientHeight / 2) / (side() * zoom), zoom, reach);
      pinned = false;
      open(-1);
    }

    const pointers = new Map();
    let moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
      moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) {
        if (!pinned) { const i = nearest(event.offsetX, event.offsetY, 16); if (i !== hit) open(i); }
        return;
      }
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
        const now = [event.offsetX, event.offsetY];
        zoomAt((now[0] + other[0]) / 2, (now[1] + other[1]) / 2, apart(now, other) / Math.max(1, apart(before, other)));
      } else {
        const [x, y] = [event.offsetX - before[0], event.offsetY - before[1]].map((by) => by / (side() * view.zoom));
        look(view.x - x, view.y - y, view.zoom);
        draw();
      }
      moved += Math.hypot(event.offsetX - before[0], event.offsetY - before[1]);
      if (moved > 4) { card.hidden = true; hit = -1; pinned = false; }
      pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    });
    const release = (event) => {
      if (pointers.delete(event.pointerId) && event.type === "pointerup" && moved <= 4) {
        const i = nearest(event.offsetX, event.offsetY, 22);
        pinned = i >= 0;
        open(i);
      }
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 400));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = 0.1 / view.zoom;
      const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
      const act = {
        ArrowLeft: () => look(view.x - step, view.y, view.zoom),
        ArrowRight: () => look(view.x + step, view.y, view.zoom),
        ArrowUp: () => look(view.x, view.y - step, view.zoom),
        ArrowDown: () => look(view.x, view.y + step, view.zoom),
        "+": () => zoomAt(...middle, 1.4),
        "=": () => zoomAt(...middle, 1.4),
        "-": () => zoomAt(...middle, 1 / 1.4),
        Enter: () => { pinned = true; open(nearest(...middle, Infinity)); },
        Escape: () => { pinned = false; open(-1); },
      }[event.key];
      if (act) { event.preventDefault(); act(); draw(); }
    });

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
    byId("map-reset").addEventListener("click", () => { view = { ...WHOLE }; filter.value = ""; pinned = false; open(-1); });
    for (const radio of document.querySelectorAll('[name="map-what"]')) {
      radio.addEventListener("change", () => {
        modality = radio.value;
        for (const lead of document.querySelectorAll("[data-map]")) lead.hidden = lead.dataset.map !== modality;
        view = { ...WHOLE };
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

