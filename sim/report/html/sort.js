for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], told = table.parentElement.nextElementSibling;
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = row => row.cells[place].dataset.v ?? "", text = row => row.cells[place].textContent;
      const order = (a, b) => {
        if ((key(a) === "") !== (key(b) === "")) return key(a) === "" ? 1 : -1;
        const way = key(a) === "" ? text(a).localeCompare(text(b)) : key(a) - key(b);
        return up ? way : -way;
      };
      body.append(...[...body.rows].sort(order));
      if (told) told.textContent = "Sorted by " + head.textContent.trim() + (up ? ", least first" : ", most first");
    });
  });
}
