// Draws the plots of a page. Their numbers are in the tables beneath, with or without script.
(function () {
  "use strict";
  var dark = matchMedia("(prefers-color-scheme: dark)").matches;
  var colors = dark
    ? ["#79b8ff", "#56d364", "#e3b341", "#ff8a80", "#d2a8ff", "#76e3ea", "#ffa657", "#c9d1d9", "#7ee787", "#ffdf5d"]
    : ["#0b57a4", "#116329", "#7d4e00", "#a40e26", "#6639ba", "#1b7c83", "#953800", "#57606a", "#2da44e", "#bf8700"];
  var dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 4]]; // lines differ without colours, too
  var ink = dark ? "#9aa4af" : "#57606a", line = dark ? "#343b44" : "#d0d7de";

  function draw(box, plot) {
    var clock = function (t) { return new Date(t * 1000).toISOString().slice(11, 16); };
    var axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    new uPlot({
      width: Math.max(box.clientWidth, 240), height: 220, tzDate: function (t) { return uPlot.tzDate(new Date(t * 1000), "UTC"); },
      scales: { y: { range: function (u, low, high) { return [0, Math.max(high, 0.001) * 1.1]; } } },
      axes: [Object.assign({ values: function (u, times) { return times.map(clock); } }, axis), axis],
      series: [{ label: "UTC", value: function (u, t) { return t === null ? "–" : new Date(t * 1000).toISOString().slice(0, 16).replace("T", " "); } }].concat(plot.series.map(function (name, i) {
        return { label: name, stroke: colors[i % colors.length], dash: dashes[i % dashes.length], width: 1.5, points: { show: plot.times.length < 60 } };
      }))
    }, [plot.times].concat(plot.values), box);
  }

  fetch("/plots.json", { credentials: "same-origin" }).then(function (r) { return r.json(); }).then(function (plots) {
    plots.forEach(function (plot) {
      var box = document.querySelector('.plot[data-plot="' + plot.name + '"]');
      if (box && plot.series.length > 0) { draw(box, plot); }
    });
  });
})();
