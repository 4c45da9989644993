// What a page gains by script. Each page works without it.
(function () {
  "use strict";

  // Times in the browser's zone, by choice. The choice is the only thing that is remembered.
  var local = document.getElementById("localtime");
  function show() {
    document.querySelectorAll("time[datetime]").forEach(function (t) {
      var at = new Date(t.dateTime);
      t.textContent = local.checked
        ? new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19).replace("T", " ")
        : t.dateTime.slice(0, 19).replace("T", " ");
    });
    document.querySelectorAll(".zone").forEach(function (z) { z.textContent = local.checked ? "local" : "UTC"; });
  }
  document.querySelectorAll(".scripted").forEach(function (e) { e.hidden = false; });
  if (local) {
    local.checked = localStorage.getItem("localtime") === "yes";
    local.addEventListener("change", function () { localStorage.setItem("localtime", local.checked ? "yes" : "no"); show(); });
    if (local.checked) { show(); }
  }

  // Live parts stand still while their switch is off, and while somebody uses what is in them.
  document.body.addEventListener("htmx:beforeRequest", function (e) {
    var renew = document.getElementById("renew");
    if (e.target.id !== "live") { return; }
    if ((renew && !renew.checked) || document.hidden || e.target.contains(document.activeElement)) { e.preventDefault(); }
  });
  document.body.addEventListener("htmx:afterSettle", function () { if (local && local.checked) { show(); } });

  // A session that has ended answers with the login page: go there instead of showing it in a tile.
  document.body.addEventListener("htmx:beforeSwap", function (e) {
    if (e.detail.xhr.responseURL && new URL(e.detail.xhr.responseURL).pathname === "/login") { location.reload(); e.preventDefault(); }
  });
})();
