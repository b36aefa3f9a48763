  // ---- begin
  speak(codes.includes(wanted) ? wanted : codes[0]);
  for (const start of atStart) start();
