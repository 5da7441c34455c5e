"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Theme: the system's until it is switched; remembered where the browser lets a file do so.
  const root = document.documentElement;
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("dnnexp-theme", value);
      return localStorage.getItem("dnnexp-theme");
    } catch { return null; }
  };
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = one("#theme");
  const label = () => { theme.textContent = isDark() ? "light" : "dark"; theme.setAttribute("aria-label", `switch to ${theme.textContent} colours`); };
  if (remembered()) root.dataset.theme = remembered();
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; remembered(root.dataset.theme); label(); });
  theme.hidden = false;
  label();

  // Leaderboard: sorted by a click on a heading, filtered by words and by depth; what it leaves out fades in the charts.
  const board = one("#board");
  if (board) {
    const body = board.tBodies[0];
    const rows = all("tr", body);
    const number = new Map(rows.map((row, place) => [row, place]));
    const value = (row, column) => { const cell = row.cells[column]; return cell.dataset.v ?? cell.textContent; };
    const compare = (a, b) => {
      const x = Number(a), y = Number(b);
      return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
    };
    all("thead th:not(.plain)", board).forEach((heading) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const falls = heading.getAttribute("aria-sort") === "ascending";
        all("th", board).forEach((other) => other.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
        const column = heading.cellIndex;
        const ordered = [...rows].sort((a, b) => {
          const x = value(a, column), y = value(b, column);
          if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1) || number.get(a) - number.get(b);
          return (falls ? -1 : 1) * compare(x, y) || number.get(a) - number.get(b);
        });
        body.append(...ordered);
        show();
      });
    });
    const more = one("#more"), find = one("#find"), layers = one("#layers"), count = one("#count");
    const FEW = 25;
    const said = (count) => count.toLocaleString("en");
    let everything = rows.length <= FEW;
    const marks = new Map();
    all("svg [data-k]").forEach((mark) => {
      const key = mark.dataset.k;
      if (!marks.has(key)) marks.set(key, []);
      marks.get(key).push(mark);
    });
    const show = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let kept = 0;
      for (const row of body.rows) {
        const text = row.textContent.toLowerCase();
        const fits = words.every((word) => text.includes(word)) && (!layers.value || row.dataset.d === layers.value);
        row.classList.toggle("gone", !fits);
        row.classList.toggle("more", fits && !everything && kept >= FEW && row.classList.contains("trial"));
        kept += fits;
        for (const mark of marks.get(row.dataset.k) ?? []) mark.classList.toggle("off", !fits);
      }
      count.textContent = kept === rows.length ? `${said(rows.length)} rows` : `${said(kept)} of ${said(rows.length)} rows`;
      more.hidden = everything || kept <= FEW;
      more.textContent = `show all ${said(kept)}`;
    };
    more.addEventListener("click", () => { everything = true; show(); });
    find.addEventListener("input", show);
    layers.addEventListener("change", show);
    all(".tools label").forEach((tool) => { tool.hidden = false; });
    show();

    // What a dot or a line is: the row of the leaderboard.
    const byKey = new Map(rows.map((row) => [row.dataset.k, row]));
    const headings = all("thead th", board).map((heading) => heading.textContent);
    const tip = one("#tip");
    let hot = [];
    const light = (key) => {
      hot.forEach((mark) => mark.classList.remove("hot"));
      hot = key === undefined ? [] : marks.get(key) ?? [];
      hot.forEach((mark) => mark.classList.add("hot"));
    };
    document.addEventListener("pointerover", (event) => {
      const mark = event.target.closest?.("svg [data-k], #board tr[data-k]");
      light(mark?.dataset.k);
      const row = mark?.ownerSVGElement && byKey.get(mark.dataset.k);
      tip.hidden = !row;
      if (!row) return;
      const cells = [...row.cells].map((cell, i) => (i && cell.textContent && i !== 3 ? `${headings[i]} ${cell.textContent}` : i ? "" : cell.textContent));
      tip.textContent = cells.filter(Boolean).join(", ");
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - 330))}px`;
      tip.style.top = `${event.clientY > innerHeight - 110 ? event.clientY - 90 : event.clientY + 14}px`;
    });
  }

  // Commands are copied whole.
  all(".copy").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "selected";
      }
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
  });
})();
