"use strict";
(function () {
  var table = document.getElementById("mailboxes"), body = table.tBodies[0];
  var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  function key(row, at) {
    var cell = row.cells[at], sort = cell.getAttribute("data-sort");
    return sort === null ? cell.textContent.toLowerCase() : Number(sort);
  }
  heads.forEach(function (head, at) {
    head.firstChild.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      Array.prototype.slice.call(body.rows).map(function (row, i) { return { row: row, key: key(row, at), i: i }; }).sort(function (a, b) {
        var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
        return (down ? -order : order) || a.i - b.i;
      }).forEach(function (each) { body.appendChild(each.row); });
    });
  });
}());
