"use strict";

// Columns sort: a button in each header, ascending first for text, descending first for figures.
for (const table of document.querySelectorAll("table[data-sorts]")) {
  const headers = [...table.tHead.rows[0].cells];
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.key !== undefined) return Number(cell.dataset.key);
    const text = cell.textContent.trim();
    return text === "–" || text === "" ? null : text;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const first = header.classList.contains("n") ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = header.getAttribute("aria-sort") === first ? second : first;
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", order);
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
      const sign = order === "ascending" ? 1 : -1;
      // What is unknown stands last in either order.
      rows.sort(([a], [b]) => (a === null) - (b === null) || (a === null ? 0 : sign * compare(a, b)));
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// Figures of charts: nearest to the pointer, or step by step by the arrow keys.
for (const plot of document.querySelectorAll(".plot")) {
  const labels = (plot.dataset.labels ?? plot.parentElement.dataset.labels).split("\n");
  const places = plot.dataset.places === "" ? [] : plot.dataset.places.split(" ");
  const marks = places.map((place, index) => [...place.split(",").map(Number), labels[index]]);
  const tip = document.createElement("output");
  const dot = document.createElement("span");
  tip.className = "tip";
  dot.className = "dot";
  tip.hidden = dot.hidden = true;
  plot.append(dot, tip);
  let current = -1;
  const show = (index) => {
    if (index === current) return;
    current = index;
    tip.hidden = dot.hidden = index < 0;
    if (index < 0) return;
    const [x, y, words] = marks[index];
    dot.style.left = `${x * 100}%`;
    dot.style.top = `${y * 100}%`;
    tip.textContent = words;
    tip.style.top = y < 0.8 ? `calc(${y * 100}% + 14px)` : "auto";
    tip.style.bottom = y < 0.8 ? "auto" : `calc(${(1 - y) * 100}% + 14px)`;
    tip.style.left = x < 0.5 ? `calc(${x * 100}% + 14px)` : "auto";
    tip.style.right = x < 0.5 ? "auto" : `calc(${(1 - x) * 100}% + 14px)`;
  };
  const nearest = (event) => {
    const box = plot.getBoundingClientRect();
    let [near, least] = [-1, 60];
    marks.forEach(([x, y], index) => {
      const far = Math.hypot(box.left + x * box.width - event.clientX, box.top + y * box.height - event.clientY);
      if (far < least) [near, least] = [index, far];
    });
    return near;
  };
  plot.addEventListener("pointermove", (event) => show(nearest(event)));
  plot.addEventListener("pointerdown", (event) => show(nearest(event)));
  plot.addEventListener("pointerleave", () => show(-1));
  plot.addEventListener("blur", () => show(-1));
  plot.addEventListener("keydown", (event) => {
    const last = marks.length - 1;
    const next = {
      ArrowRight: current < last ? current + 1 : 0,
      ArrowDown: current < last ? current + 1 : 0,
      ArrowLeft: current > 0 ? current - 1 : last,
      ArrowUp: current > 0 ? current - 1 : last,
      Home: 0,
      End: last,
      Escape: -1,
    }[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(next);
  });
}

// Sliders choose a point of the sweep; its figures come from the rows of the table of all points.
for (const explorer of document.querySelectorAll(".explorer")) {
  const all = document.getElementById(explorer.dataset.table);
  const sliders = [...explorer.querySelectorAll("input")];
  const outputs = [...explorer.querySelectorAll(".slider output")];
  const point = explorer.querySelector("table");
  const chosen = explorer.querySelector(".chosen");
  const rings = JSON.parse(explorer.dataset.rings);
  const keys = sliders.length;
  const header = all.tHead.cloneNode(true);
  for (const cell of header.rows[0].cells) {
    cell.removeAttribute("aria-sort");
    cell.replaceChildren(...(cell.querySelector("button") ?? cell).childNodes);
  }
  for (let i = 0; i < keys; i += 1) header.rows[0].deleteCell(0);
  const body = document.createElement("tbody");
  point.append(header, body);
  const chart = explorer.parentElement.querySelector("figure");
  const plots = chart === null ? [] : [...chart.querySelectorAll(".plot")];
  const show = () => {
    const texts = sliders.map((slider) => JSON.parse(slider.dataset.values)[slider.value]);
    sliders.forEach((slider, i) => {
      outputs[i].textContent = texts[i];
      slider.setAttribute("aria-valuetext", texts[i]);
    });
    const at = sliders.map((slider) => slider.value).join(",");
    const rows = [...all.tBodies[0].rows].filter((row) => row.dataset.at === at);
    body.replaceChildren(...rows.map((row) => {
      const copy = row.cloneNode(true);
      for (let i = 0; i < keys; i += 1) copy.deleteCell(0);
      const name = document.createElement("th");
      name.scope = "row";
      name.append(...copy.cells[0].childNodes);
      copy.cells[0].replaceWith(name);
      return copy;
    }));
    const headline = rows.find((row) => row.cells[keys].textContent === explorer.dataset.headline);
    chosen.textContent = headline === undefined ? "This point was not run."
      : `${explorer.dataset.headline} saves ${headline.cells[keys + 1].textContent}, `
        + `low … high: ${headline.cells[keys + 2].textContent}`;
    plots.forEach((plot, drawing) => {
      for (const ring of plot.querySelectorAll(".ring")) ring.remove();
      for (const [x, y] of rings[at]?.[drawing] ?? []) {
        const ring = document.createElement("span");
        ring.className = keys === 2 ? "ring cell" : "ring";
        ring.style.left = `${x * 100}%`;
        ring.style.top = `${y * 100}%`;
        plot.append(ring);
      }
    });
  };
  for (const slider of sliders) slider.addEventListener("input", show);
  explorer.hidden = false;
  show();
  for (const points of document.querySelectorAll("details.points")) points.open = false;
}

// A link to a folded section opens it.
const unfold = () => {
  const target = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  for (let at = target?.querySelector(":scope > details") ?? target; at; at = at.parentElement) {
    if (at.localName === "details") at.open = true;
  }
};
addEventListener("hashchange", unfold);
for (const link of document.querySelectorAll("a[href^='#']")) {
  link.addEventListener("click", () => setTimeout(unfold));
}
unfold();

// What is to be copied has a button for it, where the browser lets a page copy.
for (const block of document.querySelectorAll(".copyable")) {
  const text = block.querySelector("pre").textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Pages opened as files may not: the text is selected, to be copied by hand.
      getSelection().selectAllChildren(block.querySelector("pre"));
      button.textContent = "Selected: copy it by the keyboard";
    }
  });
  block.append(button);
}

// Only what scrolls needs to be reached by the keyboard.
const reach = () => {
  for (const box of document.querySelectorAll(".scroll, .copyable pre")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);
reach();

// Paper shows everything.
const closed = new Set();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open]):not(.long)")) {
    closed.add(details);
    details.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
  closed.clear();
});
