"use strict";
// Sorting and filtering of tables. Nothing is fetched; without this script every row is still there.
(() => {
  const key = (cell) => cell.dataset.sort ?? cell.textContent;
  const order = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y) ? x - y : a < b ? -1 : a > b ? 1 : 0;
  };
  for (const figure of document.querySelectorAll("figure.table")) {
    const body = figure.querySelector("tbody");
    if (!body || body.rows.length < 4) continue;
    const rows = [...body.rows];
    const heads = [...figure.querySelectorAll("thead th")];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        rows.sort((a, b) => (down ? -1 : 1) * order(key(a.cells[column]), key(b.cells[column])));
        body.append(...rows);
      });
    });
    if (rows.length < 8) continue;
    const caption = figure.querySelector("figcaption");
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "Filter these rows";
    input.setAttribute("aria-label", "Filter rows: " + caption.querySelector(".title").textContent);
    const count = caption.querySelector(".count");
    const said = count.textContent;
    count.setAttribute("aria-live", "polite");
    caption.append(input);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = words.length ? shown + " of " + rows.length + " rows match" : said;
    });
  }
})();
