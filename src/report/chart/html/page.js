for (const figure of document.querySelectorAll("figure[data-marks]")) {
  const marks = JSON.parse(figure.dataset.marks);
  const svg = figure.querySelector("svg");
  const note = figure.querySelector("output");
  let current = -1;
  // Without this script there is nothing to step through, so the page itself does not promise it.
  figure.tabIndex = 0;
  figure.setAttribute("aria-label",
    `${figure.getAttribute("aria-label")}; arrow keys step through the figures`);
  const show = (index) => {
    current = index;
    note.hidden = index < 0;
    if (index < 0) return;
    const [x, y, text] = marks[index];
    note.textContent = text;
    note.style.top = `calc(${y * 100}% + 12px)`;
    note.style.left = x < 0.5 ? `calc(${x * 100}% + 12px)` : "auto";
    note.style.right = x < 0.5 ? "auto" : `calc(${(1 - x) * 100}% + 12px)`;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const far = ([x, y]) => Math.hypot(
      x * box.width - (event.clientX - box.left), y * box.height - (event.clientY - box.top));
    let near = -1;
    let least = 60;
    marks.forEach((mark, index) => {
      const distance = far(mark);
      if (distance < least) [near, least] = [index, distance];
    });
    show(near);
  });
  svg.addEventListener("pointerleave", () => show(-1));
  figure.addEventListener("blur", () => show(-1));
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") show(-1);
    if (!step || marks.length === 0) return;
    event.preventDefault();
    show(current < 0 ? 0 : (current + step + marks.length) % marks.length);
  });
}
