"use strict";
(function () {
  var words = document.getElementById("words"), status = document.getElementById("status"), found = document.getElementById("found");
  var body = document.getElementById("items");
  if (!body) { return; }
  var rows = Array.prototype.slice.call(body.rows), texts = null, timer = 0;
  function show() {
    texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
    var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, i) {
      var fits = (!status.value || row.dataset.reason === status.value) && wanted.every(function (word) { return texts[i].indexOf(word) >= 0; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    found.textContent = shown + " of " + rows.length + " shown";
  }
  words.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(show, 120); });
  status.addEventListener("change", show);
  document.querySelector(".find").hidden = false;
}());
