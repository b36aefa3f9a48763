
  // ---- the map: all items, those that match in front; the lasso, and an item's card
  const canvas = byId("canvas");
  const card = byId("card");
  const context = canvas.getContext("2d");
  const maps = {};
  let matching = new Set();
  let drawing = null; // corners of the lasso that is being drawn, on the map
  let isLasso = false;
  let hit = -1;
  let pinned = false;

  const mapNow = () => maps[asked.map];
  const { view, toScreen, toPlane, whole, nearest, label } = plane(canvas, 0, 60, {
    left: () => { pinned = false; open(-1); },
    moved(isFar) {
      if (isFar) { card.hidden = true; hit = -1; pinned = false; }
      draw();
    },
    hovered(x, y) { if (!pinned && !isLasso) { const i = near(x, y, 14); if (i !== hit) open(i); } },
    clicked(x, y) { const i = near(x, y, 22); pinned = i >= 0; open(i); },
    entered(x, y) { pinned = true; open(near(x, y, Infinity)); },
    escaped() { drawing = null; setLasso(false); pinned = false; open(-1); },
    // the lasso takes the pointer to itself
    pressed(x, y) { if (isLasso) drawing = [toPlane(x, y)]; },
    taken(x, y) {
      if (drawing) { drawing.push(toPlane(x, y)); draw(); }
      return Boolean(drawing);
    },
    released() {
      const isDone = Boolean(drawing);
      if (isDone) finishLasso();
      return isDone;
    },
  });
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
    label(context, names(map));
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

  // names of the clusters that are shown, those with most items first, where they are
  function names(map) {
    const members = map.identity.map(() => []);
    map.item.forEach((item, i) => { if (map.cluster[i] >= 0 && matching.has(item)) members[map.cluster[i]].push(i); });
    return [...members.keys()]
      .filter((cluster) => members[cluster].length)
      .sort((a, b) => members[b].length - members[a].length)
      .map((cluster) => [nameFor(asked.map, map.identity[cluster]), amid(map, members[cluster])]);
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

  function near(x, y, reach) {
    const map = mapNow();
    return map ? nearest(map, (i) => matching.has(map.item[i]), x, y, reach) : -1;
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

  byId("lasso").addEventListener("click", () => setLasso(!isLasso));
  byId("whole").addEventListener("click", () => { whole(); pinned = false; open(-1); });
  for (const radio of document.querySelectorAll('[name="what"]')) {
    radio.addEventListener("change", () => { whole(); change({ map: radio.value, lasso: "" }); });
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
