
  // ---- begin
  fromAddress();
  speak(codes.includes(wanted) ? wanted : codes[0]);
  ask("api/start").then((value) => {
    Object.assign(start, value);
    for (const modality of ["image", "text"]) nameOf[modality] = new Map(start.clusters[modality]);
    fillMenus();
    return refresh();
  }).catch(tell);
