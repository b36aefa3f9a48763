
  // ---- where the system has no Chinese font, all characters are the same box: take the page's own
  const ink = document.createElement("canvas").getContext("2d");
  ink.font = "24px " + getComputedStyle(document.body).fontFamily;
  const shape = (character) => {
    ink.clearRect(0, 0, 40, 40);
    ink.fillText(character, 4, 30);
    return ink.canvas.toDataURL();
  };
  if (shape("中") === shape("文")) {
    document.fonts.load('16px "Page Chinese"', "中").then(() => {
      root.classList.add("own-font");
      for (const listener of listeners) listener();
    });
  }
