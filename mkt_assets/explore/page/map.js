
  // ---- the map: all items, those that match in front; pan, zoom, lasso, and an item's card
  const canvas = byId("canvas");
  const card = byId("card");
  const context = canvas.getContext("2d");
  const maps = {};
  const [LEAST, MOST] = [0.8, 60];
  const WHOLE = { x: 0, y: 0, zoom: 1 };
  let view = { ...WHOLE };
  let matching = new Set();
  let drawing = null; // corners of the lasso that is being drawn, on the map
  let isLasso = false;
  let hit = -1;
  let pinned = false;

  const mapNow = () => maps[asked.map];
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

  async function loadMap() {
    if (!mapNow()) maps[asked.map] = await ask(`api/map?map=${asked.map}`);
    draw();
  }

  function draw() {
    const map = mapNow();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!map) return;
    const many = map.item.length;
    const radius = Math.max(1.6, Math.min(7, 46 / Math.sqrt(Math.max(many, 60)) + view.zoom * 0.35));
    const isAll = matching.size === many;
    const grey = colour("--muted");
    const paint = (i, front) => (front && map.cluster[i] >= 0 ? map.colour[map.cluster[i]] : grey);
    for (const front of isAll ? [true] : [false, true]) {
      context.globalAlpha = front ? 0.85 : 0.1;
      for (let i = 0; i < many; i++) {
        if (!isAll && matching.has(map.item[i]) !== front) continue;
        const [x, y] = toScreen(map.x[i], map.y[i]);
        if (x < -9 || y < -9 || x > canvas.clientWidth + 9 || y > canvas.clientHeight + 9) continue;
        context.fillStyle = paint(i, front);
        context.beginPath();
        context.arc(x, y, front ? radius : radius * 0.8, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    canvas.dataset.shown = matching.size;
    label(map);
    outline();
    if (hit >= 0) {
      const [x, y] = toScreen(map.x[hit], map.y[hit]);
      context.beginPath();
      context.arc(x, y, radius + 4, 0, 2 * Math.PI);
      context.strokeStyle = colour("--ink");
      context.lineWidth = 2;
      context.stroke();
    }
  }

  // names of the largest clusters where most of what is shown of them is, as far as they do not overlap
  function label(map) {
    const members = map.identity.map(() => []);
    map.item.forEach((item, i) => { if (map.cluster[i] >= 0 && matching.has(item)) members[map.cluster[i]].push(i); });
    context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    context.textAlign = "center";
    context.lineWidth = 4;
    const taken = [];
    const order = [...members.keys()].sort((a, b) => members[b].length - members[a].length);
    for (const cluster of order) {
      const of = members[cluster];
      if (!of.length) break;
      const [x, y] = toScreen(...amid(map, of));
      const name = nameOf[asked.map].get(map.identity[cluster]) || map.identity[cluster];
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

  // the place of a member around which most of the others are: between two heaps there is nothing to name
  function amid(map, members) {
    const step = Math.ceil(members.length / 100);
    const some = members.filter((_, at) => at % step === 0);
    let [best, least] = [some[0], Infinity];
    for (const i of some) {
      const apart = some.map((j) => Math.hypot(map.x[i] - map.x[j], map.y[i] - map.y[j])).sort((a, b) => a - b);
      const near = apart[Math.floor(some.length / 3)];
      if (near < least) [best, least] = [i, near];
    }
    return [map.x[best], map.y[best]];
  }

  function outline() {
    const corners = drawing || (asked.lasso ? pairs(asked.lasso.split(",").map(Number)) : []);
    if (corners.length < 2) return;
    context.beginPath();
    corners.forEach(([x, y], at) => {
      const to = toScreen(x, y);
      if (at) context.lineTo(...to);
      else context.moveTo(...to);
    });
    if (!drawing) context.closePath();
    context.setLineDash([6, 4]);
    context.strokeStyle = colour("--accent");
    context.lineWidth = 2;
    context.stroke();
    context.setLineDash([]);
  }
  const pairs = (numbers) => numbers.slice(0, numbers.length / 2).map((_, i) => [numbers[2 * i], numbers[2 * i + 1]]);

  function nearest(sx, sy, reach) {
    const map = mapNow();
    let [best, least] = [-1, reach * reach];
    for (let i = 0; map && i < map.item.length; i++) {
      if (!matching.has(map.item[i])) continue;
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
      const map = mapNow();
      const identity = map.identity[map.cluster[i]];
      const name = nameFor(asked.map, identity);
      const key = asked.map === "image" ? "style" : "topic";
      const parts = [element("b", { textContent: name })];
      if (asked.map === "image") parts.unshift(picture(map.item[i], name));
      parts.push(
        element("button", { type: "button", textContent: t("like"), onclick: () => change({ like: map.key[i], sort: "" }) }),
        element("button", { type: "button", textContent: t(`only_${key}`), onclick: () => change({ [key]: identity || "none" }) }),
      );
      card.replaceChildren(...parts);
      const [x, y] = toScreen(map.x[i], map.y[i]);
      card.style.left = `${Math.max(6, Math.min(x + 14, canvas.clientWidth - 176))}px`;
      card.style.top = `${Math.max(6, Math.min(y + 14, canvas.clientHeight - card.offsetHeight - 6))}px`;
    }
    draw();
  }

  function look(x, y, zoom) {
    const onMap = (value) => Math.min(0.5, Math.max(-0.5, value));
    view = { x: onMap(x), y: onMap(y), zoom };
  }
  function zoomAt(sx, sy, factor) {
    const [x, y] = toMap(sx, sy);
    const zoom = Math.min(MOST, Math.max(LEAST, view.zoom * factor));
    look(x - (sx - canvas.clientWidth / 2) / (side() * zoom), y - (sy - canvas.clientHeight / 2) / (side() * zoom), zoom);
    pinned = false;
    open(-1);
  }

  function setLasso(on) {
    isLasso = on;
    byId("lasso").setAttribute("aria-pressed", on);
    canvas.classList.toggle("lasso", on);
  }
  // as many corners as an address can hold; the server takes more
  function finishLasso() {
    const step = Math.ceil(drawing.length / 80);
    const corners = drawing.filter((_, at) => at % step === 0);
    drawing = null;
    setLasso(false);
    if (corners.length < 3) { draw(); return; }
    change({ lasso: corners.map(([x, y]) => `${x.toFixed(4)},${y.toFixed(4)}`).join(",") });
  }

  const pointers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    moved = 0;
    if (isLasso) drawing = [toMap(event.offsetX, event.offsetY)];
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    const now = [event.offsetX, event.offsetY];
    if (!before) {
      if (!pinned && !isLasso) { const i = nearest(...now, 14); if (i !== hit) open(i); }
      return;
    }
    if (drawing) {
      drawing.push(toMap(...now));
      draw();
    } else if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      zoomAt((now[0] + other[0]) / 2, (now[1] + other[1]) / 2, apart(now, other) / Math.max(1, apart(before, other)));
    } else {
      const by = side() * view.zoom;
      look(view.x - (now[0] - before[0]) / by, view.y - (now[1] - before[1]) / by, view.zoom);
      draw();
    }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved > 4) { card.hidden = true; hit = -1; pinned = false; }
    pointers.set(event.pointerId, now);
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (drawing) finishLasso();
    else if (event.type === "pointerup" && moved <= 4) {
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
      Escape: () => { drawing = null; setLasso(false); pinned = false; open(-1); },
    }[event.key];
    if (act) { event.preventDefault(); act(); draw(); }
  });
  byId("lasso").addEventListener("click", () => setLasso(!isLasso));
  byId("whole").addEventListener("click", () => { view = { ...WHOLE }; pinned = false; open(-1); });
  for (const radio of document.querySelectorAll('[name="what"]')) {
    radio.addEventListener("change", () => { view = { ...WHOLE }; change({ map: radio.value, lasso: "" }); });
  }
  answerListeners.push((isMore) => {
    if (isMore) return;
    matching = new Set(answer.items);
    pinned = false;
    hit = -1;
    card.hidden = true;
    loadMap().catch(tell);
  });
  listeners.push(() => open(hit));
  new ResizeObserver(draw).observe(canvas);
