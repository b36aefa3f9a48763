
  // ---- a canvas that shows a part of a plane: dragged, pinched, zoomed with the wheel, moved by keys
  // Not here: what is drawn there (map.js). The plane's middle is at `middle`, what is on it takes up 1.
  function plane(canvas, middle, most, on) {
    const LEAST = 0.8;
    const view = { x: middle, y: middle, zoom: 1 };
    const side = () => Math.min(canvas.clientWidth, canvas.clientHeight) * 0.94;
    const toScreen = (x, y) => [
      canvas.clientWidth / 2 + (x - view.x) * side() * view.zoom,
      canvas.clientHeight / 2 + (y - view.y) * side() * view.zoom,
    ];
    const toPlane = (sx, sy) => [
      view.x + (sx - canvas.clientWidth / 2) / (side() * view.zoom),
      view.y + (sy - canvas.clientHeight / 2) / (side() * view.zoom),
    ];

    // the middle of the view stays on the plane, at most so far from its middle, so that no one loses it
    function look(x, y, zoom, reach = 0.5) {
      const onPlane = (value) => Math.min(middle + reach, Math.max(middle - reach, value));
      Object.assign(view, { x: onPlane(x), y: onPlane(y), zoom });
    }
    const whole = () => look(middle, middle, 1);

    function zoomAt(sx, sy, factor) {
      const [x, y] = toPlane(sx, sy);
      const zoom = Math.min(most, Math.max(LEAST, view.zoom * factor));
      // who zooms out ends with the whole plane, in the middle
      const reach = factor < 1 ? 0.5 * (1 - LEAST / zoom) : 0.5;
      look(x - (sx - canvas.clientWidth / 2) / (side() * zoom), y - (sy - canvas.clientHeight / 2) / (side() * zoom), zoom, reach);
      on.left();
    }

    // the number of the shown point that is nearest to a place on the canvas, -1 where none is within reach
    function nearest({ x: xs, y: ys }, isShown, sx, sy, reach) {
      let [best, least] = [-1, reach * reach];
      for (let i = 0; i < xs.length; i++) {
        if (!isShown(i)) continue;
        const [x, y] = toScreen(xs[i], ys[i]);
        const distance = (x - sx) ** 2 + (y - sy) ** 2;
        if (distance < least) [best, least] = [i, distance];
      }
      return best;
    }

    // names where they belong on the plane, the first ones first, as far as they do not overlap
    function label(context, names) {
      context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
      context.textAlign = "center";
      context.lineWidth = 4;
      const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
      const [around, ink] = [colour("--card"), colour("--ink")];
      const taken = [];
      for (const [name, at] of names) {
        const [place, y] = toScreen(...at);
        const half = context.measureText(name).width / 2 + 4;
        const width = canvas.clientWidth;
        // where the place is seen, the whole name is
        const x = place < 0 || place > width ? place : Math.max(half, Math.min(width - half, place));
        const box = [x - half, y - 9, x + half, y + 9];
        if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
        taken.push(box);
        context.strokeStyle = around;
        context.strokeText(name, x, y + 4);
        context.fillStyle = ink;
        context.fillText(name, x, y + 4);
      }
    }

    const pointers = new Map();
    let moved = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
      moved = 0;
      if (on.pressed) on.pressed(event.offsetX, event.offsetY);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      const now = [event.offsetX, event.offsetY];
      if (!before) { on.hovered(...now); return; }
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      pointers.set(event.pointerId, now);
      if (on.taken && on.taken(...now)) return;
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
        zoomAt((now[0] + other[0]) / 2, (now[1] + other[1]) / 2, apart(now, other) / Math.max(1, apart(before, other)));
      } else {
        const [x, y] = [now[0] - before[0], now[1] - before[1]].map((by) => by / (side() * view.zoom));
        look(view.x - x, view.y - y, view.zoom);
        on.moved(moved > 4);
      }
    });
    const release = (event) => {
      if (!pointers.delete(event.pointerId) || (on.released && on.released())) return;
      if (event.type === "pointerup" && moved <= 4) on.clicked(event.offsetX, event.offsetY);
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 400));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = 0.1 / view.zoom;
      const amid = [canvas.clientWidth / 2, canvas.clientHeight / 2];
      const act = {
        ArrowLeft: () => look(view.x - step, view.y, view.zoom),
        ArrowRight: () => look(view.x + step, view.y, view.zoom),
        ArrowUp: () => look(view.x, view.y - step, view.zoom),
        ArrowDown: () => look(view.x, view.y + step, view.zoom),
        "+": () => zoomAt(...amid, 1.4),
        "=": () => zoomAt(...amid, 1.4),
        "-": () => zoomAt(...amid, 1 / 1.4),
        Enter: () => on.entered(...amid),
        Escape: () => on.escaped(),
      }[event.key];
      if (act) { event.preventDefault(); act(); on.moved(false); }
    });
    return { view, side, toScreen, toPlane, look, whole, nearest, label };
  }
